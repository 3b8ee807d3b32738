/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"

int64_t shape_number(const void *noun, const struct shape_field *field)
{
	const void *at = shape_at(noun, field);
	int64_t wide = 0;
	int32_t narrow = 0;
	bool truth = false;
	if (field->size == sizeof wide)
		memcpy(&wide, at, sizeof wide);
	else if (field->size == sizeof narrow)
		memcpy(&narrow, at, sizeof narrow);
	else
		memcpy(&truth, at, sizeof truth);
	if (field->shape == SHAPE_NUMBER32)
		return (uint32_t)narrow;
	return field->size == sizeof wide ? wide : field->size == sizeof narrow ? narrow : truth;
}
