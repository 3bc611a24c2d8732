/* doctor: what this machine offers the program, line by line, each with a verdict: OK, NOTE (works,
 * but you may want to know) or BAD (does not work), and what to do. */
#include "backend.h"
#include "cli/cli.h"
#include "cli/kernelspec.h"
#include "data/read.h"
#include "device.h"
#include "plan.h"
#include "session/json_text.h"
#include "wire/versions.h"
#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum verdict { FINE, NOTE, BAD };

static void say(enum verdict verdict, int *n_bad, const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void say(enum verdict verdict, int *n_bad, const char *subject, const char *format, ...) {
    static const char *const words[] = {"OK  ", "NOTE", "BAD "};
    va_list args;
    printf("%s  %-11s ", words[verdict], subject);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    *n_bad += verdict == BAD;
}

static void check_program(int *n_bad) {
    struct text path = {0};
    struct err e = {0};
    if (cli_program_path(&path, &e))
        say(FINE, n_bad, "program", "awml-c %s, %s", AWML_VERSION, path.p);
    else say(BAD, n_bad, "program", "%s", e.what);
    text_clear(&path);
}

static void check_libraries(int *n_bad) {
    struct text versions = {0};
    bool has_curve = wire_versions(&versions);
    say(FINE, n_bad, "libraries", "glibc %s, %s, Jansson %s", gnu_get_libc_version(), versions.p,
        jansson_version_str());
    if (!has_curve)
        say(NOTE, n_bad, "ZeroMQ", "has no CURVE encryption; only plain connections work");
    void *sqlite = dlopen("libsqlite3.so.0", RTLD_LAZY);
    if (sqlite) say(FINE, n_bad, "SQLite", "found: the history of cells is kept");
    else say(NOTE, n_bad, "SQLite", "missing: no history. Install libsqlite3-0");
    text_clear(&versions);
}

static void cpu_model(char *out, size_t size) {
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "re");
    snprintf(out, size, "unknown processor");
    while (f && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        snprintf(out, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (f) fclose(f);
}

static void check_cpu(int *n_bad) {
    char model[200];
    cpu_set_t set;
    CPU_ZERO(&set);
    int usable = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    cpu_model(model, sizeof model);
    bool plain = strcmp(compute_isa(), "plain") == 0;
    say(FINE, n_bad, "processor", "%s", model);
    say(plain ? NOTE : FINE, n_bad, "vectors",
        plain ? "%s: no AVX2 here, so everything is slower" : "%s", compute_isa());
    say(FINE, n_bad, "threads", "%d for computing, %d cores usable of %ld", compute_threads(),
        usable, sysconf(_SC_NPROCESSORS_ONLN));
}

static void check_memory(int *n_bad) {
    long long pages = sysconf(_SC_AVPHYS_PAGES), all = sysconf(_SC_PHYS_PAGES);
    long long page = sysconf(_SC_PAGESIZE);
    double free_gb = (double)(pages * page) / 1e9, all_gb = (double)(all * page) / 1e9;
    say(all_gb < 1.5 ? NOTE : FINE, n_bad, "memory", "%.1f GB, of which %.1f GB are unused", all_gb,
        free_gb);
}

static void check_blas(int *n_bad) {
    if (!compute_blas_config()) {
        say(NOTE, n_bad, "OpenBLAS",
            "not here: large products are slower, PCA and linear models cannot be trained. Install "
            "libopenblas0-pthread");
    } else if (compute_blas_selftest()) {
        say(FINE, n_bad, "OpenBLAS", "%s; its self-test gives the right product",
            compute_blas_config());
    } else {
        say(BAD, n_bad, "OpenBLAS",
            "%s; it has no threads, or its self-test gives a WRONG product. Install "
            "libopenblas0-pthread",
            compute_blas_config());
    }
}

/* The GPU's part is a module, opened here; the program is linked to no driver. */
static void check_gpu(int *n_bad) {
    struct backend_info info;
    device_probe(&info);
    if (info.problem[0]) {
        say(info.present ? BAD : NOTE, n_bad, "GPU", "%snot used: %s",
            info.present ? "there is one, and it is " : "", info.problem);
        if (info.toolkit[0])
            say(NOTE, n_bad, "GPU part", "here; kernels built with %s", info.toolkit);
        return;
    }
    say(FINE, n_bad, "GPU", "%s, %.1f GB, driver for %s; networks train there", info.device,
        (double)info.memory / 1e9, info.driver);
    struct err e = {0};
    struct device *d = device_gpu(&e);
    if (d)
        say(FINE, n_bad, "GPU part",
            "kernels built with %s; the self-test gives the processor's numbers; products by %s",
            info.toolkit, device_products(d));
    else say(BAD, n_bad, "GPU part", "kernels built with %s; %s", info.toolkit, e.what);
}

static void check_datasets(int *n_bad) {
    for (int i = 0; i < dataset_n_rows(); i++) {
        const struct dataset_row *row = dataset_row_at(i);
        struct dataset d = {0};
        struct err e = {0};
        if (dataset_load(str_of(row->name), &d, &e)) {
            say(FINE, n_bad, "data set", "%s: %s", row->name, row->help);
        } else {
            say(NOTE, n_bad, "data set", "%s is not here. %s", row->name,
                e.hint[0] ? e.hint : e.what);
        }
        dataset_clear(&d);
    }
}

struct search {
    int *n_bad, n_found;
    const char *program;
};

/* One folder of Jupyter: is our kernelspec in it, and does it start this program? */
static bool look_in(void *user, const char *folder) {
    struct search *s = user;
    struct text path = {0};
    text_addf(&path, "%s/awml-c/kernel.json", folder);
    json_t *spec = json_load_file(path.p, 0, NULL);
    json_t *argv = json_object_get(spec, "argv");
    const char *program = json_string_value(json_array_get(argv, 0));
    if (program) {
        bool same = strcmp(program, s->program) == 0, works = access(program, X_OK) == 0;
        s->n_found++;
        if (!works) {
            say(BAD, s->n_bad, "kernelspec",
                "%s starts %s, which is not there. Run: awml-c install", path.p, program);
        } else {
            say(same ? FINE : NOTE, s->n_bad, "kernelspec", "%s%s%s", path.p,
                same ? "" : " starts another program: ", same ? "" : program);
        }
    }
    json_decref(spec);
    text_clear(&path);
    return true;
}

static void check_kernelspec(int *n_bad) {
    struct text program = {0};
    struct err e = {0};
    cli_program_path(&program, &e);
    struct search s = {n_bad, 0, program.p ? program.p : ""};
    kernelspec_folders(look_in, &s);
    if (!s.n_found) {
        say(NOTE, n_bad, "kernelspec",
            "not in Jupyter's usual folders. Run: awml-c install --user (or "
            "--prefix DIR for one Python environment)");
    }
    text_clear(&program);
}

static void check_locale(int *n_bad) {
    const char *names[] = {"LC_ALL", "LC_CTYPE", "LANG"}, *value = NULL;
    for (size_t i = 0; i < ARRAY_LEN(names) && !(value && *value); i++) value = getenv(names[i]);
    bool utf8 = value && (strcasestr(value, "utf-8") || strcasestr(value, "utf8"));
    if (utf8) say(FINE, n_bad, "locale", "%s", value);
    else
        say(NOTE, n_bad, "locale",
            "%s is not UTF-8: notebooks are unharmed, but a terminal may show "
            "other letters",
            value && *value ? value : "C");
}

int cli_doctor(int argc, char **argv) {
    (void)argv;
    int n_bad = 0;
    if (argc) return cli_misused("doctor takes no arguments");
    check_program(&n_bad);
    check_libraries(&n_bad);
    check_cpu(&n_bad);
    check_memory(&n_bad);
    check_blas(&n_bad);
    check_gpu(&n_bad);
    check_datasets(&n_bad);
    check_kernelspec(&n_bad);
    check_locale(&n_bad);
    return n_bad ? STATUS_FAILED : STATUS_DONE;
}
