/* librsvg's and Cairo's functions, looked up at first use. */
#include "display/render_api.h"
#include "base/program.h"
#include <dlfcn.h>
#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool load_all(struct render_api *api) {
    void *rsvg = dlopen("librsvg-2.so.2", RTLD_NOW | RTLD_LOCAL);
    void *cairo = dlopen("libcairo.so.2", RTLD_NOW | RTLD_LOCAL);
    void *object = dlopen("libgobject-2.0.so.0", RTLD_NOW | RTLD_LOCAL); /* brings GLib with it */
    if (!rsvg || !cairo || !object) return false;
    bool ok = true;
    void *from = rsvg;
#define F(name)                                                                                    \
    do {                                                                                           \
        void *symbol = dlsym(from, #name);                                                         \
        memcpy(&api->name, &symbol, sizeof symbol);                                                \
        ok = ok && symbol;                                                                         \
    } while (0);
    RSVG_FUNCTIONS(F)
    from = cairo;
    CAIRO_FUNCTIONS(F)
    from = object;
    GLIB_FUNCTIONS(F)
#undef F
    return ok;
}

const struct render_api *render_api_load(void) {
    static struct render_api api;
    static enum { UNTRIED, THERE, MISSING } state;
    if (state == UNTRIED) state = load_all(&api) ? THERE : MISSING;
    return state == THERE ? &api : NULL;
}

/* The fonts that came with the program, for systems that have none. */
static bool add_own_fonts(void *library) {
    void *symbol = dlsym(library, "FcConfigAppFontAddDir");
    __typeof__(&FcConfigAppFontAddDir) add_folder = NULL;
    char folder[4096 + 32];
    size_t n = program_prefix(folder, 4096);
    snprintf(folder + n, sizeof folder - n, "/share/awml/fonts");
    memcpy(&add_folder, &symbol, sizeof add_folder);
    return add_folder && access(folder, R_OK) == 0 && add_folder(NULL, (const FcChar8 *)folder);
}

bool render_has_fonts(void) {
    void *library = dlopen("libfontconfig.so.1", RTLD_NOW | RTLD_LOCAL);
    __typeof__(&FcConfigGetFonts) fonts_of = NULL;
    __typeof__(&FcInit) begin = NULL;
    void *symbols[] = {library ? dlsym(library, "FcInit") : NULL,
                       library ? dlsym(library, "FcConfigGetFonts") : NULL};
    if (!symbols[0] || !symbols[1]) return true;
    memcpy(&begin, &symbols[0], sizeof begin);
    memcpy(&fonts_of, &symbols[1], sizeof fonts_of);
    if (!begin()) return true;
    const FcFontSet *fonts = fonts_of(NULL, FcSetSystem);
    return (fonts && fonts->nfont > 0) || add_own_fonts(library);
}
