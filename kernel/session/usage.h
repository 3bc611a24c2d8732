/* Processor and memory use of this process and its machine, as usage_reply has them. */
#pragma once
#include <jansson.h>

json_t *usage_json(void); /* new reference */
