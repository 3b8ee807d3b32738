/* SPDX-License-Identifier: Apache-2.0 */
/* What a look-up says. */
#ifndef STATE_ANSWER_H
#define STATE_ANSWER_H

enum answer {
	ANSWER_PRESENT,
	ANSWER_ABSENT,
	ANSWER_NOT_LOADED, /* noted as missing: load it and decide again */
};

#endif
