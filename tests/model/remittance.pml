/* SPDX-License-Identifier: Apache-2.0
 *
 * Remittances: money that goes from a party of one shard (home) to a party of another (away). `check` beside this file
 * searches it, with all rules and with each left out.
 *
 * The protocol, for one direction of a pair of shards; the other direction is the same with nothing shared.
 *
 * - Home debits the payer into its @transit, and gives the remittance the next number of the pair. It keeps a row.
 * - Away takes numbers in order only: the one after the last that it took, and no other. It credits the payee from its
 *   @transit, or refuses; either way the number is taken, and the answer kept in a row.
 * - Home takes answers in order only, too: it settles, or gives the money back. With that its row is gone.
 * - The confirmation is one number, up to which home has all answers. Away drops its rows up to there.
 * - The relay of each side sends what has a row, again and again, until the row is gone. A confirmation has no row: it is sent
 *   when answers are new, and again whenever an answer comes that home has already. So whoever still waits also asks.
 * - All of this is sent from verified events only, the confirmation, too.
 *
 * Why it is these and no fewer. A row that is dropped can't tell a late copy, and one that is never dropped grows the state for
 * ever; numbers in order tell a copy by one comparison with a number that is never dropped. In order, because otherwise each
 * side had to keep which numbers above the last are taken. A refusal takes its number as well: were it forgotten, a copy that
 * comes when the payee may be credited again would be credited, after the money was given back. Home never gives up by
 * time: it can't know that it was not credited. And a confirmation of the confirmation is not needed: a row of away that
 * waits for one sends its answer again, which makes home send it.
 *
 * Each shard is a state machine over its log. `[LOG]` is what the verified log says, `[MEMORY]` what its owner has decided
 * beyond it. A crash, or another owner, forgets what is in memory only. That an older owner's records are void is shown by
 * fencing.pml; what its relay still sends are messages of an earlier `[LOG]`, thus late ones. After a crash inputs
 * may be decided otherwise: amounts and refusals are any. A message is on its way until it is lost; as long as it is, it may
 * arrive at any time, after any other, and any number of times.
 *
 * A step that changes nothing is no step, and losses and crashes are bounded, so all runs end: then everything must be settled or
 * returned, and no row be left. With ENDLESS losses and crashes have no bound; runs then don't end, and the rest is searched. */

#ifndef N
#define N 2             /* remittances */
#endif
#ifndef LOSSES
#define LOSSES 2        /* messages lost */
#endif
#ifndef CRASHES
#define CRASHES 2       /* times that an owner is gone with what it had in memory, on both sides together */
#endif
#ifndef ENDLESS
#define ENDLESS 0       /* 1: any number of both */
#endif

/* The rules, one switch each. */
#ifndef DELIVER_FROM
#define DELIVER_FROM LOG        /* MEMORY: deliveries are sent before their debit is verified */
#endif
#ifndef ANSWER_FROM
#define ANSWER_FROM LOG         /* MEMORY: answers are sent before they are verified */
#endif
#ifndef CONFIRM_FROM
#define CONFIRM_FROM LOG        /* MEMORY: confirmations are sent before what they confirm is verified */
#endif
#ifndef DELIVER_AGAIN
#define DELIVER_AGAIN 1         /* 0: home's row is gone once it was sent */
#endif
#ifndef ANSWER_AGAIN
#define ANSWER_AGAIN 1          /* 0: away's row is gone once it was sent, before it is confirmed */
#endif
#ifndef CONFIRM_AGAIN
#define CONFIRM_AGAIN 1         /* 0: a confirmation is sent once, when answers are new */
#endif
#ifndef NUMBERED
#define NUMBERED 1              /* 0: away knows a delivery by its row, and takes what has none */
#endif
#ifndef DELIVERY_ORDER
#define DELIVERY_ORDER 1        /* 0: away takes any number above the last */
#endif
#ifndef ANSWER_ORDER
#define ANSWER_ORDER 1          /* 0: home takes any answer above the last */
#endif
#ifndef SETTLE_AGAIN
#define SETTLE_AGAIN 0          /* 1: home settles whenever it is told that the payee was credited */
#endif
#ifndef RETURN_AGAIN
#define RETURN_AGAIN 0          /* 1: home returns whenever it is told that the payee was not */
#endif
#ifndef KEEP_REFUSALS
#define KEEP_REFUSALS 1         /* 0: a refusal is answered and forgotten */
#endif
#ifndef GIVE_UP
#define GIVE_UP 0               /* 1: home returns what was not answered in some time */
#endif

#ifndef DEBITED
#define DEBITED 1               /* 0: it is not asserted that what was credited was debited; the sum of money is, always */
#endif

#define LOG 0
#define MEMORY 1
#define CREDITED 1
#define REFUSED 2
#define ALL (3 * N)             /* what the payer has at first */
#define AT(where, n) ((where) * (N + 1) + (n))

/* Home. */
byte sent[2], answered[2];      /* the last number given, and the last whose answer was taken */
byte payer[2];
byte amount[2 * (N + 1)];
byte settled[2 * (N + 1)], returned[2 * (N + 1)];      /* how often */
/* Away. */
byte received[2], confirmed[2]; /* the last number taken, and the last whose row was dropped */
byte payee[2];
byte answer[2 * (N + 1)];       /* the row: 0, CREDITED or REFUSED */
byte credited[2 * (N + 1)];     /* how often */
/* Under way: a bit for each amount, for each answer, and one for the confirmation up to a number. */
byte delivery_sent[N + 1], answer_sent[N + 1];
bool confirm_sent[N + 1];
/* Only where a rule is left out. */
bool delivered_once[N + 1], answered_once[N + 1];

byte losses = LOSSES, crashes = CRASHES;
hidden byte j, in_flight;

inline home_copy(from, to) {
	sent[to] = sent[from]; answered[to] = answered[from]; payer[to] = payer[from];
	j = 1;
	do
	:: j <= N ->
		amount[AT(to, j)] = amount[AT(from, j)];
		settled[AT(to, j)] = settled[AT(from, j)];
		returned[AT(to, j)] = returned[AT(from, j)];
		j++
	:: else -> break
	od;
	j = 0
}

inline away_copy(from, to) {
	received[to] = received[from]; confirmed[to] = confirmed[from]; payee[to] = payee[from];
	j = 1;
	do
	:: j <= N ->
		answer[AT(to, j)] = answer[AT(from, j)];
		credited[AT(to, j)] = credited[AT(from, j)];
		j++
	:: else -> break
	od;
	j = 0
}

/* What must be so after each event of either log. */
inline monitor() {
	j = 1; in_flight = 0;
	do
	:: j <= N ->
		assert(credited[AT(LOG, j)] <= 1);
		assert(settled[AT(LOG, j)] <= 1);
		assert(returned[AT(LOG, j)] <= 1);
		assert(!settled[AT(LOG, j)] || credited[AT(LOG, j)] == 1);
		assert(!returned[AT(LOG, j)] || credited[AT(LOG, j)] == 0);
		assert(!DEBITED || !credited[AT(LOG, j)] || j <= sent[LOG]);
		if
		:: j <= sent[LOG] && !credited[AT(LOG, j)] && !returned[AT(LOG, j)] -> in_flight = in_flight + amount[AT(LOG, j)]
		:: else
		fi;
		j++
	:: else -> break
	od;
	assert(payer[LOG] + in_flight + payee[LOG] == ALL);
	j = 0; in_flight = 0
}

inline debit(minor) {
	sent[MEMORY]++;
	payer[MEMORY] = payer[MEMORY] - minor;
	amount[AT(MEMORY, sent[MEMORY])] = minor
}

inline settle(n) { settled[AT(MEMORY, n)]++; if :: n > answered[MEMORY] -> answered[MEMORY] = n :: else fi }

inline give_back(n) {
	returned[AT(MEMORY, n)]++;
	payer[MEMORY] = payer[MEMORY] + amount[AT(MEMORY, n)];
	if :: n > answered[MEMORY] -> answered[MEMORY] = n :: else fi
}

inline credit(n, minor) {
	payee[MEMORY] = payee[MEMORY] + minor;
	credited[AT(MEMORY, n)]++;
	answer[AT(MEMORY, n)] = CREDITED;
	if :: n > received[MEMORY] -> received[MEMORY] = n :: else fi
}

inline refuse(n) {
	answer[AT(MEMORY, n)] = REFUSED;
	if :: KEEP_REFUSALS && n > received[MEMORY] -> received[MEMORY] = n :: else fi
}

inline confirm(n) {
	confirmed[MEMORY] = n;
	j = 1;
	do
	:: j <= n -> answer[AT(MEMORY, j)] = 0; j++
	:: else -> break
	od;
	j = 0
}

#define home_ahead (sent[MEMORY] != sent[LOG] || answered[MEMORY] != answered[LOG] || payer[MEMORY] != payer[LOG] || \
	home_again)
#define away_ahead (received[MEMORY] != received[LOG] || confirmed[MEMORY] != confirmed[LOG] || \
	payee[MEMORY] != payee[LOG] || away_again)
bool home_again, away_again;    /* something was done again, or forgotten, which the numbers do not show */

proctype Home() {
end:	do
	:: d_step { sent[MEMORY] < N -> debit(1) }
	:: d_step { sent[MEMORY] < N -> debit(2) }
	:: d_step { home_ahead && (CONFIRM_AGAIN || answered[MEMORY] == answered[LOG]) ->
		home_again = 0; home_copy(MEMORY, LOG); monitor() }
	:: d_step { home_ahead && answered[MEMORY] > answered[LOG] ->    /* and the confirmation is sent at once */
		home_again = 0; home_copy(MEMORY, LOG); confirm_sent[answered[LOG]] = 1; monitor() }
	:: d_step { CONFIRM_FROM == MEMORY && answered[MEMORY] > 0 && !confirm_sent[answered[MEMORY]] ->
		confirm_sent[answered[MEMORY]] = 1 }
	:: d_step { home_ahead && crashes > 0 -> home_again = 0; home_copy(LOG, MEMORY); crashes = crashes - !ENDLESS }
	:: d_step { GIVE_UP && answered[MEMORY] < sent[MEMORY] -> give_back(answered[MEMORY] + 1) }
	od
}

proctype Away() {
end:	do
	:: d_step { away_ahead -> away_again = 0; away_copy(MEMORY, LOG); monitor() }
	:: d_step { away_ahead && crashes > 0 -> away_again = 0; away_copy(LOG, MEMORY); crashes = crashes - !ENDLESS }
	od
}

/* Both relays. */
#define has_home_row(n) (n <= sent[DELIVER_FROM] && n > answered[DELIVER_FROM] && (DELIVER_AGAIN || !delivered_once[n]))
#define has_away_row(n) (answer[AT(ANSWER_FROM, n)] && (ANSWER_AGAIN || !answered_once[n]))
#define delivery_bit(n) (1 << amount[AT(DELIVER_FROM, n)])
#define answer_bit(n) (1 << answer[AT(ANSWER_FROM, n)])

proctype Relay(byte n) {
end:	do
	:: d_step { has_home_row(n) && !(delivery_sent[n] & delivery_bit(n)) ->
		delivery_sent[n] = delivery_sent[n] | delivery_bit(n); delivered_once[n] = !DELIVER_AGAIN }
	:: d_step { has_away_row(n) && !(answer_sent[n] & answer_bit(n)) ->
		answer_sent[n] = answer_sent[n] | answer_bit(n); answered_once[n] = !ANSWER_AGAIN }
	:: d_step { CONFIRM_AGAIN && answer_sent[n] && n <= answered[CONFIRM_FROM] && !confirm_sent[answered[CONFIRM_FROM]] ->
		confirm_sent[answered[CONFIRM_FROM]] = 1 }
	od
}

proctype Loss(byte n) {
end:	do
	:: d_step { losses > 0 && (delivery_sent[n] & 2) -> delivery_sent[n] = delivery_sent[n] & ~2; losses = losses - !ENDLESS }
	:: d_step { losses > 0 && (delivery_sent[n] & 4) -> delivery_sent[n] = delivery_sent[n] & ~4; losses = losses - !ENDLESS }
	:: d_step { losses > 0 && (answer_sent[n] & 2) -> answer_sent[n] = answer_sent[n] & ~2; losses = losses - !ENDLESS }
	:: d_step { losses > 0 && (answer_sent[n] & 4) -> answer_sent[n] = answer_sent[n] & ~4; losses = losses - !ENDLESS }
	:: d_step { losses > 0 && confirm_sent[n] -> confirm_sent[n] = 0; losses = losses - !ENDLESS }
	od
}

/* What away takes, and what home takes. */
#define is_new_delivery(n) ((NUMBERED && DELIVERY_ORDER && n == received[MEMORY] + 1) || \
	(NUMBERED && !DELIVERY_ORDER && n > received[MEMORY]) || \
	(!NUMBERED && n <= received[MEMORY] + 1 && (answer[AT(MEMORY, n)] == 0) && credited[AT(MEMORY, n)] < 3))
#define is_new_answer(n) (n <= sent[MEMORY] && (ANSWER_ORDER && n == answered[MEMORY] + 1 || !ANSWER_ORDER && n > answered[MEMORY]))
#define was_taken(n) (n <= sent[MEMORY] && n <= answered[MEMORY])

proctype Arrival(byte n) {
end:	do
	:: d_step { (delivery_sent[n] & 2) && is_new_delivery(n) -> away_again = !NUMBERED; credit(n, 1) }
	:: d_step { (delivery_sent[n] & 4) && is_new_delivery(n) -> away_again = !NUMBERED; credit(n, 2) }
	:: d_step { delivery_sent[n] && is_new_delivery(n) && answer[AT(MEMORY, n)] != REFUSED ->
		away_again = !KEEP_REFUSALS || !NUMBERED; refuse(n) }
	:: d_step { (answer_sent[n] & 2) && is_new_answer(n) -> settle(n) }
	:: d_step { (answer_sent[n] & 4) && is_new_answer(n) -> give_back(n) }
	:: d_step { SETTLE_AGAIN && (answer_sent[n] & 2) && was_taken(n) && settled[AT(MEMORY, n)] < 2 ->
		home_again = 1; settle(n) }
	:: d_step { RETURN_AGAIN && (answer_sent[n] & 4) && was_taken(n) && returned[AT(MEMORY, n)] < 2 ->
		home_again = 1; give_back(n) }
	:: d_step { confirm_sent[n] && n > confirmed[MEMORY] && n <= received[MEMORY] -> confirm(n) }
	od
}

proctype Watch() {
	/* Quiet for good. */
end:	timeout;
	d_step {
		j = 1;
		do
		:: j <= N -> assert(settled[AT(LOG, j)] + returned[AT(LOG, j)] == 1); j++
		:: else -> break
		od;
		assert(confirmed[LOG] == N)
	}
}

init {
	atomic {
		payer[LOG] = ALL; payer[MEMORY] = ALL;
		run Home(); run Away(); run Watch();
		byte n = 1;
		do
		:: n <= N -> run Relay(n); run Loss(n); run Arrival(n); n++
		:: else -> break
		od;
		n = 0
	}
}
