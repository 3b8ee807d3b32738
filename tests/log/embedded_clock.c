/* SPDX-License-Identifier: Apache-2.0 */
/* The host's clock, as the embedded log looks at it. */
#include "log/embedded/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Between two looks the wall clock goes on as the uptime does. */
static void a_clock_that_leaps_is_doubted(void **state)
{
	(void)state;
	const int64_t minute_ms = 60000, day_ms = 86400000;
	struct clock_look before = { "a", 5000, 1767225600000 }, now = before;
	now.uptime_ms += 20 * day_ms; /* at rest for weeks */
	now.wall_ms += 20 * day_ms + 5 * minute_ms;
	assert_int_equal(clock_leap_ms(&before, &now, false), 0);
	now.wall_ms += 1;
	assert_int_equal(clock_leap_ms(&before, &now, true), 5 * minute_ms + 1);
	now.wall_ms = before.wall_ms - day_ms; /* back: engine time tells */
	assert_int_equal(clock_leap_ms(&before, &now, false), 0);

	now = before;
	now.boot[0] = 'b'; /* the machine was started again */
	now.uptime_ms = 6000;
	now.wall_ms += 7 * day_ms;
	assert_int_equal(clock_leap_ms(&before, &now, false), 0);
	now.wall_ms += 1;
	assert_int_equal(clock_leap_ms(&before, &now, false), 7 * day_ms + 1);
	assert_int_equal(clock_leap_ms(&before, &now, true), 0);
	now.boot[0] = before.boot[0] = '\0'; /* nothing is known of the machine */
	assert_int_equal(clock_leap_ms(&before, &now, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_leaps_is_doubted),
	};
	return cmocka_run_group_tests_name("embedded_clock", tests, NULL, NULL);
}
