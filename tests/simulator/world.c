/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "broker.h"
#include "checks.h"
#include "clients.h"
#include "folders.h"
#include "hearing.h"
#include "operator.h"

#include "shard/lookout.h"
#include "shard/shard.h"
#include "shard/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum {
	SLOTS = 2,
	MEMORY_BYTES = 8 << 20,
	REST_S_MAX = 900,
	REST_TURNS_MAX = 1000000,
	/* What is promised. */
	STOP_S_MAX = 10,
	GIVE_UP_MS = 5000,
	LOOKS_BELIEVED = 3,
};
static const int64_t ns_per_s = 1000000000;

/* A place where `pinion run` is kept alive, with a disk of its own. */
struct slot {
	struct process process;
	bool is_running, is_stopping;
	bool was_live[SHARDS_MAX]; /* when it was asked to stop */
	int64_t start_at_ns;       /* INT64_MAX: not */
	int64_t end_by_ns;         /* INT64_MAX: nothing says that it must end */
	int64_t look_by_ns;        /* at what the log rests on */
	int looks;                 /* seen so far */
	struct lookout *lookout;
	struct shard *shards[SHARDS_MAX]; /* NULL: its owner has ended */
	char paths[SHARDS_MAX][16];
};

static struct {
	uint32_t shards;
	int checkpoint_ms, read_back_ms, look_every_ms, look_again_ms;
	int64_t send_every_ns, send_at_ns, clock_until_ns, host_clock_until_ns;
	bool follows_when_overtaken;
	int64_t restore_at_ns; /* by the operator, what was changed of the log; INT64_MAX: nothing
				*/
	struct slot slots[SLOTS];
} this;
struct world_totals world_totals;

static void diag(void *context, const char *line)
{
	const struct process *process = context;
	if (!process->is_killed)
		say("process %d: %s", process->number, line);
}

static struct shard_config config_of(struct slot *slot, uint32_t shard)
{
	return (struct shard_config){
		.log = broker_log(slot->process.number),
		.shard = shard,
		.state_path = slot->paths[shard],
		.memory_bytes = MEMORY_BYTES,
		.checkpoint_ms = this.checkpoint_ms,
		.read_back_ms = this.read_back_ms,
		.live_well_ms = 10000,
		.clock_accepted = operator_choices.accepted,
		.clock_accepted_count = operator_choices.accepted_count,
		.restart_inputs_at = operator_choices.restart_at[shard],
		.clock_restarts = operator_choices.restarts,
		.clock_restart_count = this.shards,
		.follows_when_overtaken = this.follows_when_overtaken,
		.diag = diag,
		.context = &slot->process,
	};
}

void world_checkpoint(const char *path, struct bytes position, uint64_t mix)
{
	const char *shard = strchr(path, '/') + 1; /* "slot/shard" */
	checks_checkpoint((uint32_t)(*shard - '0'), position, mix);
}

/* --- Lives and deaths --- */

/* The longest that one call of the log may take, twice, and a batch's way back. */
static int64_t drain_ns(void)
{
	return 2 * hearing_bound_ns() + this.read_back_ms * (int64_t)NS_PER_MS;
}

static int64_t look_due_ns(void)
{
	return ground.now_ns + hearing_bound_ns() + ns_per_s +
	       (this.look_every_ms + this.look_again_ms) * (int64_t)NS_PER_MS;
}

static void slot_look_out(struct slot *slot)
{
	struct lookout_config config = {
		.log = broker_log(slot->process.number),
		.shards = slot->shards,
		.count = this.shards,
		.every_ms = this.look_every_ms,
		.again_ms = this.look_again_ms,
		.diag = diag,
		.context = &slot->process,
	};
	slot->lookout = lookout_start(&config);
	slot->looks = 0;
	slot->look_by_ns = look_due_ns();
}

static void slot_start(struct slot *slot)
{
	assert(!slot->is_running);
	slot->start_at_ns = INT64_MAX;
	if (broker_is_changed()) { /* as the opening of a log refuses */
		slot->start_at_ns = ground.now_ns + draw_between(1, 5000) * NS_PER_MS;
		return;
	}
	slot->is_running = true;
	slot->is_stopping = false;
	slot->end_by_ns = INT64_MAX;
	slot->process.is_killed = false;
	slot->process.paused_until_ns = 0;
	world_totals.lives++;
	say("process %d starts", slot->process.number);
	process_start(&slot->process);
	hearing_open(slot->process.number);
	for (uint32_t s = 0; s < this.shards; s++) {
		if (inject(INJECT_store_rolled_back))
			folder_roll_back(slot->paths[s]);
		if (inject(INJECT_store_deleted))
			folder_delete(slot->paths[s]);
		if (this.shards > 1 && inject(INJECT_shard_left_out))
			continue; /* the others go on, until somebody sees that it is not there */
		struct shard_config config = config_of(slot, s);
		slot->shards[s] = shard_new(&config);
		if (inject(INJECT_starts_as_follower))
			shard_follow(slot->shards[s]);
		else
			shard_start(slot->shards[s]);
	}
	slot_look_out(slot);
}

static bool is_any_running(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (this.slots[i].is_running || this.slots[i].start_at_ns != INT64_MAX)
			return true;
	return false;
}

/* Its supervisor, or the other's, starts it again. */
static void restart_plan(void)
{
	if (is_any_running())
		return;
	struct slot *slot = &this.slots[draw(4) == 0 ? draw(SLOTS) : 0];
	slot->start_at_ns = ground.now_ns + draw_between(0, 1000) * NS_PER_MS;
}

static void slot_ended(struct slot *slot)
{
	slot->is_running = false;
	restart_plan();
}

static void slot_kill(struct slot *slot)
{
	bool was_live = true;
	for (uint32_t s = 0; s < this.shards; s++) {
		struct shard_status status;
		if (!slot->shards[s])
			continue;
		shard_status(slot->shards[s], &status);
		was_live = was_live && status.is_live;
		shard_stop(slot->shards[s]);
	}
	world_totals.crashes++;
	world_totals.crashes_in_recovery += !was_live;
	lookout_stop(slot->lookout);
	folders_crash(&slot->process);
	process_kill(&slot->process);
	struct fault fault;
	(void)lookout_join(slot->lookout, &fault);
	for (uint32_t s = 0; s < this.shards; s++) {
		if (!slot->shards[s])
			continue;
		(void)shard_join(slot->shards[s]);
		shard_free(slot->shards[s]);
		slot->shards[s] = NULL;
	}
	slot_ended(slot);
}

void world_processes_kill(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (this.slots[i].is_running)
			slot_kill(&this.slots[i]);
}

/* As `pinion run` does. */
static void slot_stop(struct slot *slot)
{
	const struct log_simulated *log = hearing_log(slot->process.number);
	int64_t paused_until_ns = slot->process.paused_until_ns;
	slot->is_stopping = true;
	slot->end_by_ns = STOP_S_MAX * ns_per_s +
			  (paused_until_ns > ground.now_ns ? paused_until_ns : ground.now_ns);
	hearing_give_up_at(slot->process.number, clock_monotonic_ms() + GIVE_UP_MS);
	lookout_stop(slot->lookout);
	for (uint32_t s = 0; s < this.shards; s++) {
		struct shard_status status = { 0 };
		if (slot->shards[s]) {
			shard_status(slot->shards[s], &status);
			shard_stop(slot->shards[s]);
			world_totals.stops_while_deaf += log->hangs_since_ns[s] != INT64_MAX;
		}
		slot->was_live[s] = status.is_live;
	}
}

/* --- What became of them --- */

/* What it found must be so, and not one odd look. All its shards have ended. */
static void lookout_end(struct slot *slot)
{
	struct fault fault;
	if (!lookout_is_ended(slot->lookout)) {
		lookout_stop(slot->lookout);
		return;
	}
	if (lookout_join(slot->lookout, &fault)) {
		world_totals.log_stops++;
		if (hearing_log(slot->process.number)->looks_lost < LOOKS_BELIEVED)
			violation("all shards were stopped at the %d. look that saw: %s",
				hearing_log(slot->process.number)->looks_lost, fault.text);
	}
	slot_ended(slot);
}

/* Whether what the log rests on is looked at, and what that must lead to. */
static void looks_look(struct slot *slot)
{
	int number = slot->process.number;
	const struct log_simulated *log = hearing_log(number);
	if (log->looks != slot->looks) {
		world_totals.looks++;
		slot->looks = log->looks;
		slot->look_by_ns = look_due_ns();
		if (log->looks_lost >= LOOKS_BELIEVED && slot->end_by_ns == INT64_MAX)
			slot->end_by_ns = ground.now_ns + STOP_S_MAX * ns_per_s + drain_ns();
	}
	if (slot->end_by_ns == INT64_MAX && ground.now_ns > slot->look_by_ns)
		violation("process %d does not look at what its log rests on", number);
	if (ground.now_ns > slot->end_by_ns)
		violation(slot->is_stopping ? "process %d does not end in time"
					    : "process %d goes on with a log that was changed",
			number);
}

/* Whoever asks what a shard waits for is told. Of a batch under way and a tick, which may wait at
 * the same time, one is. */
static void waits_look(const struct slot *slot, uint32_t shard, const struct shard_status *status)
{
	const struct log_simulated *log = hearing_log(slot->process.number);
	int64_t since_ns = log->hangs_since_ns[shard];
	enum call call = log->hangs[shard];
	if (since_ns == INT64_MAX || ground.now_ns - since_ns < ns_per_s || status->is_ended)
		return;
	const char *word = call == CALL_FENCE ? "only writer" : call == CALL_SEND ? "tick" : "";
	if (!status->waits_for || !strstr(status->waits_for, word) ||
		(*word && status->waits_since_ms > since_ns / NS_PER_MS))
		violation("shard %" PRIu32 " waits for the log and says %s", shard,
			status->waits_for ? status->waits_for : "nothing");
}

static void owner_ended(struct slot *slot, uint32_t shard)
{
	struct shard *ended = slot->shards[shard];
	struct shard_status status;
	slot->shards[shard] = NULL;
	int error = shard_join(ended);
	shard_status(ended, &status);
	struct fault fault = *shard_fault(ended);
	shard_free(ended);
	say("process %d: shard %" PRIu32 " ended with %d", slot->process.number, shard, error);
	switch (error) {
	case 0:
		if (!slot->is_stopping &&
			hearing_log(slot->process.number)->looks_lost < LOOKS_BELIEVED)
			violation("shard %" PRIu32 " ended by itself", shard);
		/* One that recovers, from a full disk for example, has decided nothing, and leaves
		 * its store as it is. */
		if (ground.is_calm && slot->is_stopping && slot->was_live[shard] && !status.follows)
			checks_stored(shard, status.term, folder_mix(slot->paths[shard]));
		break;
	case FAULT_USURPED:
		world_totals.usurped++;
		break;
	case FAULT_CLOCK:
		if (!operator_clock_restarted(shard, &fault))
			operator_clock_accept(shard, &fault);
		break;
	case FAULT_LOG:
		if (!strstr(fault.text, "were deleted"))
			operator_inputs_accept(shard, &fault);
		break;
	case FAULT_IO:
	case FAULT_TAINTED:
	case FAULT_FENCED:
	case FAULT_DAMAGED:
		if (!slot->is_stopping &&
			hearing_log(slot->process.number)->looks_lost < LOOKS_BELIEVED)
			violation("shard %" PRIu32 " gave up on what it can recover from: %s",
				shard, fault.text);
		break;
	default:
		violation("shard %" PRIu32 " stopped: %s (%s:%d)", shard, fault.text, fault.file,
			fault.line);
	}
}

/* A process whose owners don't all live any more is stopped and started again by its supervisor,
 * at some time. */
static void owners_look(struct slot *slot)
{
	bool is_any = false, is_one_gone = false;
	for (uint32_t s = 0; s < this.shards && slot->is_running; s++) {
		struct shard_status status;
		if (slot->shards[s]) {
			shard_status(slot->shards[s], &status);
			if (status.is_live || status.follows)
				checks_verified(s, status.verified_sequence);
			waits_look(slot, s, &status);
			if (status.is_ended)
				owner_ended(slot, s);
		}
		is_any = is_any || slot->shards[s];
		is_one_gone = is_one_gone || !slot->shards[s];
	}
	if (slot->is_running)
		looks_look(slot);
	if (slot->is_running && !is_any)
		lookout_end(slot);
	else if (slot->is_running && is_one_gone && slot->end_by_ns == INT64_MAX && draw(200) == 0)
		slot_stop(slot);
}

/* --- What happens --- */

static void clock_turn(void)
{
	if (ground.now_ns >= this.clock_until_ns && broker_clock_ahead_ms() != 0)
		broker_clock_set(0);
	int64_t ahead_ms = 0;
	if (inject(INJECT_broker_clock_forward))
		ahead_ms = draw_between(1, FAR_AHEAD_MS - 1000);
	else if (inject(INJECT_broker_clock_far_ahead))
		ahead_ms = draw_between(FAR_AHEAD_MS + 1000, 100LL * FAR_AHEAD_MS);
	else if (inject(INJECT_broker_clock_back))
		ahead_ms = -draw_between(1, 10LL * FAR_AHEAD_MS);
	if (ahead_ms == 0)
		return;
	broker_clock_set(ahead_ms);
	this.clock_until_ns = ground.now_ns + draw_between(1, 20000) * NS_PER_MS;
}

/* Power fails everywhere at once, and the disks had not written the end of an input, or the topic
 * has to be made anew. */
static void loss_turn(void)
{
	if (!inject(INJECT_input_lost))
		return;
	uint32_t shard = (uint32_t)draw(this.shards);
	enum log_stream stream = (enum log_stream)draw(LOG_INPUTS);
	size_t count = broker_readable(shard, stream);
	for (int i = 0; i < SLOTS; i++)
		if (this.slots[i].is_running)
			slot_kill(&this.slots[i]);
	broker_lose_under_way();
	checks_look();
	if (count == 0)
		return;
	size_t lost = draw(4) == 0 ? count : 1 + draw(count < 20 ? count : 20);
	int64_t offset = broker_record(shard, stream, count - lost)->offset;
	struct bytes *values = world_take(lost * sizeof *values);
	for (size_t i = 0; i < lost; i++)
		values[i] = broker_record(shard, stream, count - lost + i)->value;
	say("%s:%" PRIu32 " loses its records from offset %" PRId64 " on", log_stream_name(stream),
		shard, offset);
	broker_input_lose(shard, stream, offset);
	checks_input_lost(shard, stream, offset);
	if (inject(INJECT_client_sends_lost))
		clients_send_lost(shard, stream, values, lost);
}

/* Of all machines, as one time server gives it to them; then it is right again. */
static void host_clock_turn(void)
{
	if (ground.now_ns >= this.host_clock_until_ns)
		ground.host_ahead_ms = 0;
	if (!inject(INJECT_host_clock_ahead))
		return;
	int64_t most_s = (int64_t)1 << draw_between(6, 21); /* up to 24 days */
	ground.host_ahead_ms = draw_between(1, most_s * 1000);
	this.host_clock_until_ns = ground.now_ns + draw_between(1, 20000) * NS_PER_MS;
}

/* A process that stood still, or that a leap of time met, can't have done anything meanwhile. */
static void slot_excuse(struct slot *slot, int64_t stood_ns)
{
	if (slot->end_by_ns != INT64_MAX)
		slot->end_by_ns += stood_ns;
	slot->look_by_ns += stood_ns;
}

static void time_turn(void)
{
	if (!inject(INJECT_time_passes))
		return;
	int64_t most_s = (int64_t)1 << draw_between(1, 19); /* up to six days */
	int64_t passed_ns = draw_between(1, most_s * 1000) * NS_PER_MS;
	ground.now_ns += passed_ns;
	for (int i = 0; i < SLOTS; i++)
		slot_excuse(&this.slots[i], passed_ns);
	if (draw(2) == 0) /* the clients keep quiet for longer: what is due needs a tick */
		this.send_at_ns = ground.now_ns + draw_between(1, 30000) * NS_PER_MS;
}

static void processes_turn(void)
{
	for (int i = 0; i < SLOTS; i++) {
		struct slot *slot = &this.slots[i];
		if (!slot->is_running) {
			if (ground.now_ns >= slot->start_at_ns || inject(INJECT_twin_started))
				slot_start(slot);
			continue;
		}
		if (inject(INJECT_process_paused)) {
			int64_t paused_ns = draw_between(1, 120000) * NS_PER_MS;
			slot->process.paused_until_ns = ground.now_ns + paused_ns;
			slot_excuse(slot, paused_ns);
		}
		bool is_asked = inject(INJECT_stop_asked) ||
				(hearing_is_deaf(CALLS_ALL) && draw(1000) == 0 && !ground.is_calm);
		if (!slot->is_stopping && is_asked)
			slot_stop(slot);
	}
}

/* Who owns is told to follow, and who follows to own, whether another one owns or not; where nobody
 * does, somebody is told soon. */
static void role_turn(uint32_t shard)
{
	struct shard *follower = NULL;
	bool is_owned = false;
	for (int i = 0; i < SLOTS; i++) {
		struct slot *slot = &this.slots[i];
		struct shard_status status;
		if (!slot->is_running || slot->is_stopping || !slot->shards[shard])
			continue;
		shard_status(slot->shards[shard], &status);
		is_owned = is_owned || !status.follows;
		if (status.follows)
			follower = slot->shards[shard];
		else if (inject(INJECT_demoted))
			shard_demote(slot->shards[shard]);
	}
	if (!follower || (!inject(INJECT_promoted) && (is_owned || draw(100) != 0)))
		return;
	world_totals.promotions++;
	shard_promote(follower);
}

static void roles_turn(void)
{
	for (uint32_t s = 0; s < this.shards; s++)
		role_turn(s);
}

/* Brokers die, or are cut off, for up to four minutes: from everybody, or what some calls need. */
static void calls_deafen(void)
{
	uint32_t calls = draw(2) == 0 ? CALLS_ALL : (uint32_t)draw(CALLS_ALL) + 1;
	int64_t most_ms = (int64_t)1 << draw_between(8, 18);
	hearing_deafen(calls, ground.now_ns + draw_between(1, most_ms) * NS_PER_MS);
}

static void deaf_turn(void)
{
	if (inject(INJECT_log_hangs))
		calls_deafen();
}

/* Somebody changes what the log rests on; the operator, whom an alarm calls, puts it right. */
static void change_turn(void)
{
	if (inject(INJECT_log_changed)) {
		broker_change(draw(2) == 0);
		this.restore_at_ns = ground.now_ns + draw_between(1, 300000) * NS_PER_MS;
	}
	if (ground.now_ns < this.restore_at_ns)
		return;
	broker_restore();
	this.restore_at_ns = INT64_MAX;
}

static void crashes_look(void)
{
	struct process *process = process_crashed();
	for (int i = 0; i < SLOTS && process; i++)
		if (&this.slots[i].process == process)
			slot_kill(&this.slots[i]);
}

static int64_t next_ns(void)
{
	int64_t next = broker_next_ns();
	if (this.send_at_ns < next)
		next = this.send_at_ns;
	if (this.restore_at_ns < next)
		next = this.restore_at_ns;
	for (int i = 0; i < SLOTS; i++)
		if (!this.slots[i].is_running && this.slots[i].start_at_ns < next)
			next = this.slots[i].start_at_ns;
	return next;
}

static void turn(void)
{
	if (tasks_turn(next_ns()))
		crashes_look();
	broker_advance();
	checks_look();
	for (int i = 0; i < SLOTS; i++)
		owners_look(&this.slots[i]);
	if (ground.now_ns >= this.send_at_ns) {
		world_totals.commands += (uint64_t)clients_send();
		this.send_at_ns = ground.now_ns + (int64_t)draw((uint64_t)(2 * this.send_every_ns));
	}
	clock_turn();
	loss_turn();
	host_clock_turn();
	deaf_turn();
	change_turn();
	time_turn();
	processes_turn();
	roles_turn();
}

/* --- A world's course --- */

struct beginning {
	struct shard *shard;
	struct id ledger_id, made_id;
	int error;
	bool is_done;
};

static void init_main(void *context)
{
	struct beginning *beginning = context;
	beginning->error =
		shard_init_ledger(beginning->shard, &beginning->ledger_id, &beginning->made_id);
	beginning->is_done = true;
}

/* `pinion init`, run again until it has done its work. */
static void ledger_make(uint32_t shard)
{
	struct beginning beginning = { 0 };
	for (int tries = 0; beginning.error != 0 || !beginning.is_done; tries++) {
		if (tries > 1000)
			violation("init does not come to an end");
		struct process process = { .number = -1 };
		struct shard_config config = config_of(&this.slots[0], shard);
		config.context = &process;
		process_start(&process);
		beginning = (struct beginning){ .shard = shard_new(&config) };
		beginning.ledger_id.at[0] = (uint8_t)(1 + shard);
		struct thread *thread = thread_start("init", shard, init_main, &beginning);
		while (process.task_count > 0) {
			(void)tasks_turn(broker_next_ns());
			broker_advance();
			checks_look();
			if (!process_crashed())
				continue;
			world_totals.crashes++;
			world_totals.crashes_in_recovery++;
			folders_crash(&process);
			shard_stop(beginning.shard);
			process_kill(&process);
			beginning.error = FAULT_IO;
		}
		thread_join(thread);
		shard_free(beginning.shard);
	}
	if (beginning.made_id.at[0] != 1 + shard)
		violation("init made another ledger");
}

static void world_begin(uint64_t seed, bool is_swarm)
{
	ground_begin(seed, is_swarm);
	static const enum broker_kind kinds[] = { BROKER_KAFKA, BROKER_KAFKA, BROKER_KAFKA,
		BROKER_KAFKA, BROKER_EMBEDDED, BROKER_UNFENCED };
	enum broker_kind kind = kinds[draw(sizeof kinds / sizeof *kinds)];
	memset(&this, 0, sizeof this);
	memset(&operator_choices, 0, sizeof operator_choices);
	this.shards = (uint32_t)draw_between(1, draw(3) == 0 ? SHARDS_MAX : 1);
	/* Each takes as many steps to come to live, and all of them die together. */
	ground.per_million[INJECT_crash] /= this.shards;
	this.checkpoint_ms = (int)draw_between(1, 1 << draw_between(1, 11));
	this.read_back_ms = (int)draw_between(500, 20000);
	this.follows_when_overtaken = draw(2) == 0;
	this.look_every_ms = (int)draw_between(100, 1 << draw_between(8, 16));
	this.look_again_ms = (int)draw_between(10, this.look_every_ms);
	this.restore_at_ns = INT64_MAX;
	this.send_every_ns = (int64_t)NS_PER_MS << draw_between(6, 14);
	for (int i = 0; i < SLOTS; i++) {
		this.slots[i].process.number = i;
		this.slots[i].start_at_ns = i == 0 ? 0 : INT64_MAX;
		for (uint32_t s = 0; s < SHARDS_MAX; s++)
			(void)snprintf(this.slots[i].paths[s], sizeof this.slots[i].paths[s],
				"%d/%" PRIu32, i, s);
	}
	tasks_begin();
	broker_begin(this.shards, kind);
	folders_begin();
	checks_begin(this.shards, kind == BROKER_KAFKA);
	clients_begin(this.shards);
	say("%" PRIu32 " shards on %s", this.shards,
		kind == BROKER_KAFKA      ? "Kafka"
		: kind == BROKER_EMBEDDED ? "an embedded log"
					  : "a log that does not fence");
	for (uint32_t s = 0; s < this.shards; s++)
		ledger_make(s);
}

/* Nothing goes wrong any more: all is answered, in time. */
static void world_rest(void)
{
	ground.is_calm = true;
	say("calm");
	broker_clock_set(0);
	hearing_deafen(0, 0);
	broker_restore();
	this.restore_at_ns = INT64_MAX;
	ground.host_ahead_ms = 0;
	clients_flush();
	int64_t until_ns = ground.now_ns + REST_S_MAX * ns_per_s;
	this.send_at_ns = INT64_MAX;
	for (int i = 0; i < SLOTS; i++)
		this.slots[i].process.paused_until_ns = 0;
	checks_look();
	restart_plan();
	for (int turns = 0; checks_unanswered(); turns++) {
		turn();
		if (ground.now_ns > until_ns || turns > REST_TURNS_MAX)
			violation("in %d turns of calm not all was answered: %s", turns,
				checks_unanswered());
	}
	for (int i = 0; i < SLOTS; i++)
		this.slots[i].start_at_ns = INT64_MAX;
}

/* What the log rests on is changed: all stop, and nothing is decided before that was put right. */
static void world_change(void)
{
	size_t decided[SHARDS_MAX];
	int64_t until_ns;
	broker_change(draw(2) == 0);
	if (!broker_is_changed())
		return; /* there was nothing to delete */
	say("what the log rests on is changed");
	restart_plan();
	for (until_ns = ground.now_ns + 5 * ns_per_s;
		ground.now_ns < until_ns || this.slots[0].is_running || this.slots[1].is_running;)
		turn();
	for (uint32_t s = 0; s < this.shards; s++)
		decided[s] = broker_readable(s, LOG_EVENTS);
	world_totals.commands += (uint64_t)clients_send();
	for (until_ns = ground.now_ns + 120 * ns_per_s; ground.now_ns < until_ns;)
		turn();
	for (uint32_t s = 0; s < this.shards; s++)
		if (broker_readable(s, LOG_EVENTS) != decided[s])
			violation("shard %" PRIu32 " decides on a log that was changed", s);
	broker_restore();
	world_rest();
}

/* All are asked to end, in some worlds while the log does not answer. */
static void world_stop(void)
{
	if (draw(2) == 0) {
		int64_t until_ns = ground.now_ns + draw_between(1, 20000) * NS_PER_MS;
		calls_deafen();
		restart_plan();
		while (ground.now_ns < until_ns)
			turn();
	}
	for (int i = 0; i < SLOTS; i++) {
		struct slot *slot = &this.slots[i];
		if (!slot->is_running)
			continue;
		slot_stop(slot);
		owners_look(slot);
		while (slot->is_running) {
			(void)tasks_turn(broker_next_ns());
			broker_advance();
			checks_look();
			owners_look(slot);
		}
		slot->start_at_ns = INT64_MAX;
	}
	hearing_deafen(0, 0);
}

/* Nobody owns the shard any more, and the log loses what the store stands at. Whatever else is
 * wrong with the folder, no owner lives on such a log, not even the one that had to throw it away,
 * and nobody follows it. */
static void shortened_refuse(struct slot *slot, uint32_t s)
{
	int64_t until_ns = ground.now_ns + REST_S_MAX * ns_per_s;
	struct shard_config config = config_of(slot, s);
	struct shard_status status;
	slot->process.is_killed = false;
	process_start(&slot->process);
	hearing_open(slot->process.number);
	struct shard *shard = shard_new(&config);
	if (draw(2) == 0)
		shard_follow(shard);
	else
		shard_start(shard);
	while (slot->process.task_count > 0) {
		(void)tasks_turn(broker_next_ns());
		broker_advance();
		shard_status(shard, &status);
		if (status.is_live || status.is_following)
			violation("shard %" PRIu32 " lives on a log that was shortened", s);
		if (ground.now_ns > until_ns)
			violation("shard %" PRIu32 " does not stop on a log that was shortened", s);
	}
	int error = shard_join(shard);
	if (error != FAULT_LOG)
		violation("shard %" PRIu32 " ended with %d on a log that was shortened: %s", s,
			error, shard_fault(shard)->text);
	shard_free(shard);
}

static void world_shorten(void)
{
	struct slot *slot = &this.slots[draw(SLOTS)];
	uint32_t s = (uint32_t)draw(this.shards);
	int64_t offset = folder_offset(slot->paths[s]);
	if (offset < 1)
		return;
	say("the log loses events from %" PRId64 " on", offset);
	broker_cut(s, offset - (draw(2) == 0 ? 0 : (int64_t)draw((uint64_t)offset)));
	for (int starts = 0; starts < 3; starts++) {
		if (draw(2) == 0)
			folder_lacks(slot->paths[s], (int)draw(3));
		if (draw(2) == 0)
			folder_corrupt(slot->paths[s]);
		shortened_refuse(slot, s);
		world_totals.shortened++;
	}
}

void world_run(uint64_t seed, bool is_swarm, int64_t turns)
{
	world_begin(seed, is_swarm);
	for (int64_t i = 0; i < turns * this.shards; i++)
		turn();
	world_rest();
	if (draw(2) == 0)
		world_change();
	world_stop();
	checks_sums();
	world_shorten();
	checks_end();
	world_totals.worlds++;
	world_totals.virtual_s += (uint64_t)(ground.now_ns / ns_per_s);
}
