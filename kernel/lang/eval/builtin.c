/* The table of built-in functions, and finding rows by name. */
#include "lang/builtins/fn.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/pool.h"
#include <string.h>

#define MAKE "Making tensors"
#define SHAPE "Shape"
#define ELEMENTWISE "Element by element"
#define STATISTICS "Reductions and statistics"
#define DERIVATIVES "Derivatives"
#define FILES "Reading and writing"
#define IMAGES "Pictures"
#define TABLES "Tables"
#define MODELS "Using models"
#define PLOTS "Plots"
#define GENERAL "General"
#define TEXT "Text"
#define TIMES "Times"
#define SCALERS "Scalers"
#define SEARCH "Search spaces"

#define FN(name, group, signature, flags, help, example)                                           \
    {#name, signature, group, fn_##name, flags, -1, NULL, help, example},
#define ELEMENT(name, op, help, example)                                                           \
    {#name, "x", ELEMENTWISE, fn_element, FN_AWARE, OP_##op, NULL, help, example},
#define REDUCE(name, op, help, example)                                                            \
    {#name,      "x, axis = None, keepdims = False",                                               \
     STATISTICS, fn_reduce,                                                                        \
     FN_TENSOR,  OP_##op,                                                                          \
     NULL,       help,                                                                             \
     example},
static const struct builtin rows[] = {
#include "lang/builtins/builtins.list"
};
#undef FN
#undef ELEMENT
#undef REDUCE

static const char *const group_names[CONFIG_N_GROUPS] = {
    [CONFIG_LAYER] = "Layers",
    [CONFIG_INITIALIZER] = "First values of weights",
    [CONFIG_PENALTY] = "Penalties",
    [CONFIG_OPTIMIZER] = "Optimizers",
    [CONFIG_SCHEDULE] = "Schedules",
    [CONFIG_CALLBACK] = "Callbacks",
    [CONFIG_LOSS] = "Losses",
    [CONFIG_METRIC] = "Metrics",
    [CONFIG_ESTIMATOR] = "Classical models",
};

/* Built once, at the first look-up: the rows above and one for each row of the runtime's lists. */
static struct {
    struct builtin *all;
    int n;
    const char **names; /* interned; open addressing */
    const struct builtin **at;
    size_t cap;
} index_;

static void put(const char *name, const struct builtin *b) {
    size_t i = (size_t)hash_mix((uint64_t)(uintptr_t)name) & (index_.cap - 1);
    while (index_.names[i] && index_.names[i] != name) i = (i + 1) & (index_.cap - 1);
    if (index_.names[i]) return; /* the first row of a name wins: functions before configs */
    index_.names[i] = name;
    index_.at[i] = b;
}

static void put_aliases(const char *aliases, const struct builtin *b) {
    for (const char *p = aliases; *p;) {
        size_t n = strcspn(p, " ");
        if (n) put(intern((struct str){p, n}), b);
        p += n + (p[n] == ' ');
    }
}

static void build(void) {
    int n_rows = (int)ARRAY_LEN(rows), n_config = config_n_rows();
    index_.cap = 4096;
    index_.all = pool_zalloc((size_t)(n_rows + n_config) * sizeof *index_.all);
    index_.names = pool_zalloc(index_.cap * sizeof *index_.names);
    index_.at = pool_zalloc(index_.cap * sizeof *index_.at);
    if (!index_.all || !index_.names || !index_.at) { /* tried again at the next look-up */
        pool_free(index_.all);
        pool_free(index_.names);
        pool_free(index_.at);
        index_.all = NULL;
        return;
    }
    for (int i = 0; i < n_rows; i++) index_.all[i] = rows[i];
    for (int i = 0; i < n_config; i++) {
        const struct config_row *r = config_row_at(i);
        index_.all[n_rows + i] = (struct builtin){.name = r->name,
                                                  .signature = r->signature,
                                                  .group = group_names[r->group],
                                                  .op = -1,
                                                  .config = r,
                                                  .help = r->help,
                                                  .example = r->example};
    }
    index_.n = n_rows + n_config;
    for (int i = 0; i < index_.n; i++) put(intern_c(index_.all[i].name), &index_.all[i]);
    for (int i = 0; i < n_config; i++)
        put_aliases(config_row_at(i)->aliases, &index_.all[n_rows + i]);
}

const struct builtin *builtin_find(const char *interned_name) {
    if (!index_.all) build();
    if (!index_.all) return NULL;
    size_t i = (size_t)hash_mix((uint64_t)(uintptr_t)interned_name) & (index_.cap - 1);
    while (index_.names[i] && index_.names[i] != interned_name) i = (i + 1) & (index_.cap - 1);
    return index_.at[i];
}

int builtin_count(void) {
    if (!index_.all) build();
    return index_.n;
}

const struct builtin *builtin_at(int i) {
    if (!index_.all) build();
    return &index_.all[i];
}

bool call_row(struct call *c, struct value *out) {
    if (c->row->flags & FN_TENSOR) {
        TRY(fn_operand(c, 0, &c->first));
        if (!value_describe(c->first, &c->desc)) return *out = value_unknown(), true;
    }
    return c->row->fn(c, out);
}

int builtin_array_ops(const struct builtin *b) {
    if (b->config || (b->flags & ~(FN_TENSOR | FN_FOLDS)) != FN_AWARE) return 0;
    if (b->flags & FN_FOLDS) return 2;
    if (b->op >= 0 && op_flags((enum op)b->op) & OP_REDUCE) return 2;
    return b->op >= 0 || strcmp(b->group, ELEMENTWISE) == 0;
}

const char *builtin_later(const char *interned_name) {
#define LATER(name, feature) {#name, feature},
    static const struct {
        const char *name, *feature;
    } later[] = {
#include "lang/builtins/builtins_later.list"
    };
#undef LATER
    for (size_t i = 0; i < ARRAY_LEN(later); i++) {
        if (strcmp(later[i].name, interned_name) == 0) return later[i].feature;
    }
    return NULL;
}
