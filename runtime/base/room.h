/* How much memory may still be taken: of the machine, or of the container if that is less. */
#pragma once
#include <stddef.h>

/* Bytes; SIZE_MAX when the system does not say. Reads files of the system: not for inner loops. */
size_t room_left(void);
