/* A model that the machine has no memory for is refused with numbers, before it is made. */
#include "room_check.h"
#include "base/room.h"

bool room_check(int64_t n, int blocks, const char *what, struct err *e) {
    enum { ALWAYS_FINE = 1 << 22 }; /* floats: small models need no look at the system */
    double need = (double)n * (double)sizeof(float) * blocks;
    if ((int64_t)blocks * (n / ALWAYS_FINE) == 0) return true;
    size_t left = room_left();
    if (need <= 0.9 * (double)left) return true;
    err_set(e, ERR_MEMORY, "This model is too large for the memory of this machine.");
    bool huge = need >= 1e12;
    err_fact(e, what, "%.*f %s", need < 1e10 ? 2 : 0, need / (huge ? 1e12 : 1e9),
             huge ? "TB" : "GB");
    err_fact(e, "free", "%.3g GB", (double)left / 1e9);
    return err_hint(e,
                    "It has %.0f million weights. Use layers with fewer units; a Dense layer has "
                    "inputs times units weights.",
                    (double)n / 1e6);
}
