/* giflib's functions, looked up at first use. */
#include "display/gif_api.h"
#include <dlfcn.h>
#include <string.h>

static bool load_all(struct gif_api *api) {
    void *library = dlopen("libgif.so.7", RTLD_NOW | RTLD_LOCAL);
    if (!library) return false;
    bool ok = true;
#define F(name)                                                                                    \
    do {                                                                                           \
        void *symbol = dlsym(library, #name);                                                      \
        memcpy(&api->name, &symbol, sizeof symbol);                                                \
        ok = ok && symbol;                                                                         \
    } while (0);
    GIF_FUNCTIONS(F)
#undef F
    return ok;
}

const struct gif_api *gif_api_load(void) {
    static struct gif_api api;
    static enum { UNTRIED, THERE, MISSING } state;
    if (state == UNTRIED) state = load_all(&api) ? THERE : MISSING;
    return state == THERE ? &api : NULL;
}
