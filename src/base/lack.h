/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine did not give: descriptors, rights, room, memory, a disk that answers. An error
 * of that kind says nothing of what is stored, and passes once somebody has seen to it. */
#ifndef BASE_LACK_H
#define BASE_LACK_H

/* An error's text, of the system or of a library that passes the system's words on. NULL: it names
 * no such lack; else what an operator has to do. */
const char *lack_advice(const char *error);

#endif
