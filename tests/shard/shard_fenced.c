/* SPDX-License-Identifier: Apache-2.0 */
/* Fenced, and nobody is there: it looks 15 s for another one's mark, so it runs beside the other
 * tests. */
#include "hooked_log.h"

/* The broker's time-out looks like a second owner; after a look at the log it goes on. One that
 * never had the shard has nobody to fear. */
static void test_fenced_by_a_time_out(void **state)
{
	(void)state;
	struct rig *rig = rig_open("time-out", 1);
	struct hooked hooked = hooked_of(rig);
	hooked.log.fence_is_ambiguous = true;
	simulated_plan(rig->url,
		(struct simulated_plan){
			.call = SIMULATED_APPEND, .fault = SIMULATED_USURP, .nth = 1, .times = 1 });
	struct owner *owner = owner_new(rig, 0, "state");
	owner->config.log = &hooked.log;
	int64_t began_ms = host_ms();
	owner_start(owner);
	rig_send_traffic(rig, 0, 100);
	rig_wait_answered(rig, 0);
	assert_int_equal(owner_restarts(owner), 1);
	assert_true(host_ms() - began_ms < 10000);

	simulated_usurp(rig->url, 0);
	rig_send_traffic(rig, 0, 100);
	rig_wait_answered(rig, 0);
	assert_int_equal(owner_restarts(owner), 2);
	owner_stop(owner);
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fenced_by_a_time_out),
	};
	return cmocka_run_group_tests_name("shard_fenced", tests, NULL, NULL);
}
