/* Which versions of the wire's libraries are loaded. */
#include "wire/versions.h"
#include <sodium.h>
#include <zmq.h>

bool wire_versions(struct text *out) {
    int major, minor, patch;
    zmq_version(&major, &minor, &patch);
    text_addf(out, "ZeroMQ %d.%d.%d, libsodium %s", major, minor, patch, sodium_version_string());
    return zmq_has("curve");
}
