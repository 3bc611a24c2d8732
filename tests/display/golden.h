/* Comparing with files under tests/display/golden; AWML_UPDATE=1 writes them anew. */
#pragma once
#include "base/str.h"

/* Is `found` what golden/NAME holds? If not, says where they part and keeps `found` beside the
 * build as NAME.found. */
bool golden_same(const char *name, struct str found);
