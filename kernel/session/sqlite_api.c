/* SQLite's functions, looked up at first use. The library stays loaded. */
#include "session/sqlite_api.h"
#include <dlfcn.h>
#include <string.h>

bool sqlite_api_load(struct sqlite_api *api) {
    void *library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) return false;
    bool ok = true;
#define F(name)                                                                                    \
    do {                                                                                           \
        void *symbol = dlsym(library, "sqlite3_" #name);                                           \
        memcpy(&api->name, &symbol, sizeof symbol);                                                \
        ok = ok && symbol;                                                                         \
    } while (0);
    SQLITE_FUNCTIONS(F)
#undef F
    return ok;
}
