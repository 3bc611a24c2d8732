/* Which versions of the wire's libraries are loaded. */
#pragma once
#include "base/str.h"

/* "ZeroMQ 4.3.4, libsodium 1.0.18". True: ZeroMQ can encrypt (CURVE). */
bool wire_versions(struct text *out);
