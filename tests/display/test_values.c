/* Every kind of value as text and HTML, against golden/values.txt; and the view of a training run.
 */
#include "base/intern.h"
#include "base/pool.h"
#include "display/display.h"
#include "display/views.h"
#include "golden.h"
#include "tests/harness.h"
#include "lang/syntax/parse.h"
#include "samples.h"

static struct err err;
static struct text all; /* what the golden file should hold */

/* Show a value in all formats (pictures by their size only) and let it go. */
static void show(const char *what, struct value v, const char *title) {
    struct bundle b = {0};
    CHECK(display_value(v, title, &b, &err));
    CHECK(b.n > 0 && strcmp(b.items[b.n - 1].type, "text/plain") == 0);
    text_addf(&all, "=== %s\n", what);
    for (int i = 0; i < b.n; i++) {
        text_addf(&all, "--- %s", b.items[i].type);
        if (b.items[i].width) text_addf(&all, " %dx%d", b.items[i].width, b.items[i].height);
        text_addc(&all, '\n');
        bool picture = strncmp(b.items[i].type, "image/", 6) == 0;
        if (!picture) text_add(&all, text_str(&b.items[i].data));
        CHECK(b.items[i].data.n > 0 || v.kind == V_TEXT);
        if (!picture && !str_ends(text_str(&b.items[i].data), "\n")) text_addc(&all, '\n');
    }
    bundle_clear(&b);
    value_unref(v);
}

static struct value tensor(enum dtype type, int n, const int64_t *sizes, double (*f)(double)) {
    struct shape s = shape_of(n, sizes);
    struct tensor *t = tensor_new(type, &s, &err);
    for (int64_t i = 0; i < t->count; i++) tensor_set(t, i, f((double)i));
    return (struct value){.kind = V_TENSOR, .tensor = t};
}

#define SIZES(...)                                                                                 \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]) {                       \
        __VA_ARGS__                                                                                \
    }

static double whole(double i) {
    return i - 2;
}
static double exponential(double i) {
    return exp(i - 2);
}
static double fraction(double i) {
    return i / 7;
}
static double spread(double i) {
    return pow(10, 3 * (i - 4));
}
static double holes(double i) {
    return fmod(i, 5) == 3 ? NAN : i * 0.25;
}
static double infinite(double i) {
    return i == 1 ? INFINITY : i == 2 ? -INFINITY : i;
}
static double odd(double i) {
    return fmod(i, 2);
}
static double picture(double i) {
    return fmod(i * 7, 256);
}

static void tensors(void) {
    show("vector of whole numbers", tensor(DT_INT64, SIZES(5), whole), NULL);
    show("vector", tensor(DT_FLOAT64, SIZES(5), exponential), NULL);
    show("vector with a title", tensor(DT_FLOAT64, SIZES(5), fraction), "sevenths");
    show("wide range", tensor(DT_FLOAT64, SIZES(9), spread), NULL);
    show("long vector", tensor(DT_FLOAT32, SIZES(10000), fraction), NULL);
    show("two lines", tensor(DT_FLOAT32, SIZES(30), fraction), NULL);
    show("missing", tensor(DT_FLOAT64, SIZES(8), holes), NULL);
    show("infinite", tensor(DT_FLOAT64, SIZES(4), infinite), NULL);
    show("empty vector", tensor(DT_FLOAT64, SIZES(0), whole), NULL);
    show("empty matrix", tensor(DT_FLOAT64, SIZES(0, 3), whole), NULL);
    show("bools", tensor(DT_BOOL, SIZES(2, 3), odd), NULL);
    show("matrix", tensor(DT_FLOAT64, SIZES(2, 3), whole), NULL);
    show("large matrix", tensor(DT_FLOAT32, SIZES(100, 784), fraction), NULL);
    struct value images = tensor(DT_FLOAT32, SIZES(10, 28, 28), fraction);
    images.tensor->shape.axis[0] = intern_c("image");
    images.tensor->shape.axis[1] = intern_c("height");
    images.tensor->shape.axis[2] = intern_c("width");
    show("three axes", images, NULL);
}

static void pictures(void) {
    struct value one = tensor(DT_UINT8, SIZES(12, 16, 3), picture);
    one.tensor->is_image = true;
    show("picture", one, NULL);
    struct value many = tensor(DT_UINT8, SIZES(20, 12, 16, 1), picture);
    many.tensor->is_image = true;
    show("pictures", many, "after epoch 3");
    struct sample s;
    sample_make(0, &s);
    show("plot", (struct value){.kind = V_PLOT, .plot = plot_ref(s.plot)}, NULL);
    struct value pair = value_list_new(2, &err);
    list_add(pair.list, (struct value){.kind = V_PLOT, .plot = plot_ref(s.plot)}, &err);
    list_add(pair.list, (struct value){.kind = V_PLOT, .plot = plot_ref(s.plot)}, &err);
    show("plots", pair, NULL);
    sample_clear(&s);
}

static struct table *fill_table(int64_t n_rows) {
    struct table *t = table_new(n_rows, 4, &err);
    table_set_column(t, 0, intern_c("hidden"), COLUMN_INT, &err);
    table_set_column(t, 1, intern_c("val_loss"), COLUMN_NUMBER, &err);
    table_set_column(t, 2, intern_c("good"), COLUMN_BOOL, &err);
    table_set_column(t, 3, intern_c("who <b>"), COLUMN_TEXT, &err);
    for (int64_t i = 0; i < n_rows; i++) {
        t->columns[0].numbers[i] = (double)(8 << (i % 5));
        if (i % 7 != 2) t->columns[1].numbers[i] = 0.01 + 0.001 * (double)i;
        t->columns[2].numbers[i] = (double)(i % 2);
        if (i % 4) table_set_text(t, 3, i, i % 3 ? STR("größer & <i>") : STR("small"), &err);
    }
    return t;
}

static struct table *history(int64_t n_epochs) {
    static const char *const names[] = {"epoch", "loss", "val_loss", "lr", "seconds"};
    struct table *t = table_new(n_epochs, 5, &err);
    for (int k = 0; k < 5; k++)
        table_set_column(t, k, intern_c(names[k]), k ? COLUMN_NUMBER : COLUMN_INT, &err);
    for (int64_t i = 0; i < n_epochs; i++) {
        t->columns[0].numbers[i] = (double)(i + 1);
        t->columns[1].numbers[i] = 0.0111 + 0.03 / (double)(i + 1);
        t->columns[2].numbers[i] = 0.0112 + 0.025 / (double)(i + 1) + (i > 14 ? 0.01 : 0);
        t->columns[3].numbers[i] = 0.001;
        t->columns[4].numbers[i] = 0.42 * (double)(i + 1);
    }
    return t;
}

static struct table *wide(void) {
    struct table *t = table_new(3, 784, &err);
    for (int32_t k = 0; k < 784; k++) {
        char name[12];
        snprintf(name, sizeof name, "%d", k);
        table_set_column(t, k, intern_c(name), COLUMN_NUMBER, &err);
        for (int i = 0; i < 3; i++) t->columns[k].numbers[i] = k * 0.5;
    }
    return t;
}

static void tables(void) {
    show("table", value_table(fill_table(6)), NULL);
    show("long table", value_table(fill_table(120)), "runs");
    show("wide table", value_table(wide()), NULL);
    show("no rows", value_table(fill_table(0)), NULL);
    show("no columns", value_table(table_new(3, 0, &err)), NULL);
    show("history", (struct value){.kind = V_HISTORY, .table = history(3)}, NULL);
    struct table *wide_texts = table_new(3, 2, &err); /* characters of two columns, and of none */
    table_set_column(wide_texts, 0, intern_c("word"), COLUMN_TEXT, &err);
    table_set_column(wide_texts, 1, intern_c("n"), COLUMN_INT, &err);
    table_set_text(wide_texts, 0, 0, STR("日本 😀"), &err);
    table_set_text(wide_texts, 0, 1, STR("cafe\xcc\x81"), &err);
    table_set_text(wide_texts, 0, 2, STR("größer"), &err);
    show("wide characters", value_table(wide_texts), NULL);
    struct table *halves = table_new(200, 1, &err); /* the last ones are told apart */
    table_set_column(halves, 0, intern_c("half"), COLUMN_NUMBER, &err);
    for (int i = 0; i < 200; i++) halves->columns[0].numbers[i] = i < 100 ? i / 2.0 : 5e6 + i / 2.0;
    show("halves", value_table(halves), NULL);
    struct table *stopped = history(40);
    stopped->note = intern_c("interrupted after epoch 40");
    show("long history", (struct value){.kind = V_HISTORY, .table = stopped}, NULL);
}

static void set(struct value r, const char *key, struct value v) {
    record_set(r.record, intern_c(key), v, &err);
}

static void containers(void) {
    struct value small = value_record_new(&err);
    set(small, "accuracy", value_float(0.95));
    set(small, "name", value_text(STR("gru"), &err));
    show("small record", small, NULL);
    struct value large = value_record_new(&err);
    set(large, "images", tensor(DT_FLOAT32, SIZES(100, 28, 28), fraction));
    set(large, "note",
        value_text(STR("a text with \"quotes\", <tags> and more words than fit into "
                       "one line of the table that is shown"),
                   &err));
    set(large, "loss", value_float(0.0123456789));
    show("large record", large, NULL);
    struct value words = value_list_new(40, &err);
    for (int i = 0; i < 40; i++) list_add(words.list, value_text(STR("word"), &err), &err);
    show("long list", words, NULL);
    struct value pair = value_list_new(2, &err);
    pair.list->is_tuple = true;
    list_add(pair.list, value_float(5), &err);
    list_add(pair.list, value_float(2), &err);
    show("two numbers", pair, NULL);
    struct value mixed = value_list_new(3, &err);
    mixed.list->is_tuple = true;
    list_add(mixed.list, value_text(STR("a <table>"), &err), &err);
    list_add(mixed.list, value_table(fill_table(2)), &err);
    list_add(mixed.list, tensor(DT_FLOAT64, SIZES(2, 2), whole), &err);
    show("a tuple of rich values", mixed, NULL);
}

static void simple_values(void) {
    show("number", value_float(1.0 / 3), NULL);
    show("int", value_int(-7), NULL);
    show("bool", value_bool(true), NULL);
    show("text", value_text(STR("line one\nline \"two\" <b>"), &err), NULL);
    show("none", value_none(), NULL);
}

static struct value layer_config_value(const char *name, int n, const struct arg *args) {
    struct config *c = config_new(config_find(str_of(name)), &err);
    for (int i = 0; i < n; i++) c->args[i] = args[i];
    c->n_args = n;
    return (struct value){.kind = V_CONFIG, .config = c};
}

static void configs(void) {
    struct arg dense[] = {{.kind = ARG_INT, .number = 64},
                          {.kind = ARG_ACTIVATION, .activation = activation_find(STR("relu"))},
                          {.kind = ARG_BOOL, .number = 1}};
    show("layer", layer_config_value("Dense", 3, dense), NULL);
    struct arg adam[] = {{.kind = ARG_NUMBER, .number = 0.01}};
    show("optimizer", layer_config_value("Adam", 1, adam), NULL);
    show("no arguments", layer_config_value("Flatten", 0, NULL), NULL);
}

/* ---- functions and models come from real source text ---- */

static const char code[] = "def pixels(name, k=3):\n"
                           "    \"\"\"Read one file.\n\n    As images.\"\"\"\n"
                           "    return name\n"
                           "f = lambda x: 1 / (1 + x)\n"
                           "model Denoiser(hidden=32):\n"
                           "    \"\"\"Squeeze, then rebuild.\"\"\"\n"
                           "    input noisy: [height=28, width=28]\n"
                           "    h = noisy.Flatten().Dense(hidden, gelu).BatchNorm()\n"
                           "    output clean = h.Dense(784, sigmoid)\n";

static struct program *parse_code(void) {
    struct source *source = source_new(str_of(code), 3, NULL);
    struct program *p = parse(source, &err);
    source_unref(source);
    CHECK(p != NULL && p->n_statements == 3);
    return p;
}

static void functions(void) {
    struct program *p = parse_code();
    struct function def = {.refs = 2, .ast = p->statements[0]};
    struct function lambda = {.refs = 2, .ast = p->statements[1]->a};
    struct maker maker = {.refs = 2, .ast = p->statements[2]};
    show("def", (struct value){.kind = V_FUNCTION, .function = &def}, NULL);
    show("lambda", (struct value){.kind = V_FUNCTION, .function = &lambda}, NULL);
    show("model description", (struct value){.kind = V_MAKER, .maker = &maker}, NULL);
    program_unref(p);
}

static struct layer *layer_of(const char *name, int n, const struct arg *args) {
    struct value c = layer_config_value(name, n, args);
    struct config *config = c.config;
    for (int i = config->n_args; i < CONFIG_MAX_ARGS; i++) config->args[i] = (struct arg){0};
    struct layer *l = layer_new(config, &err);
    config_unref(config);
    return l;
}

enum { N_LAYERS = 4 };

/* One walk, as the language makes it, with spans on the lines of `code`. */
static void walk(struct model *m, bool training, struct layer *const *layers, struct span *at) {
    struct builder b;
    struct desc d = {.dtype = DT_FLOAT32, .shape = shape_of(3, (int64_t[]){SIZE_BATCH, 28, 28})};
    d.shape.axis[1] = intern_c("height");
    d.shape.axis[2] = intern_c("width");
    CHECK(builder_init(&b, m, training, &err));
    struct node *x = builder_input(&b, intern_c("noisy"), &d, &err);
    for (int i = 0; x && i < N_LAYERS; i++) {
        graph_set_span(b.graph, at[i]);
        x = layer_apply(&b, layers[i], &x, 1, &err);
    }
    CHECK(x && builder_output(&b, intern_c("clean"), x, &err) && builder_finish(&b, &err));
}

static void models(void) {
    struct program *p = parse_code();
    struct maker maker = {.refs = 2, .ast = p->statements[2]};
    struct arg bottleneck[] = {{.kind = ARG_INT, .number = 32},
                               {.kind = ARG_ACTIVATION, .activation = activation_find(STR("gelu"))},
                               {.kind = ARG_BOOL, .number = 1}};
    struct arg rebuild[] = {{.kind = ARG_INT, .number = 784},
                            {.kind = ARG_ACTIVATION, .activation = activation_find(STR("sigmoid"))},
                            {.kind = ARG_BOOL, .number = 1}};
    struct arg norm[] = {{.kind = ARG_NUMBER, .number = 0.99},
                         {.kind = ARG_NUMBER, .number = 1e-3}};
    struct layer *layers[N_LAYERS] = {
        layer_of("Flatten", 0, NULL), layer_of("Dense", 3, bottleneck),
        layer_of("BatchNorm", 2, norm), layer_of("Dense", 3, rebuild)};
    struct span h = p->statements[2]->body[1]->span, out = p->statements[2]->body[2]->span;
    struct span at[N_LAYERS] = {h, h, h, out};
    struct model *m = model_new("Denoiser", &err);
    struct model_value v = {.refs = 3, .maker = &maker, .model = m};
    show("a model that is not built", (struct value){.kind = V_MODEL, .model = &v}, NULL);
    walk(m, true, layers, at);
    walk(m, false, layers, at);
    v.epochs_trained = 10;
    show("model", (struct value){.kind = V_MODEL, .model = &v}, NULL);
    for (int i = 0; i < N_LAYERS; i++) layer_unref(layers[i]);
    model_unref(m);
    program_unref(p);
}

/* ---- training ---- */

static void show_training(const char *what, const struct training_view *v) {
    struct bundle b = {0};
    CHECK(training_view_show(v, VIEW_WHOLE, &b, &err));
    CHECK_EQ(b.n, 2);
    text_addf(&all, "=== training: %s\n", what);
    for (int i = 0; i < b.n; i++) {
        text_addf(&all, "--- %s\n", b.items[i].type);
        const char *picture = strstr(b.items[i].data.p, "base64,");
        size_t n = picture ? (size_t)(picture - b.items[i].data.p) : b.items[i].data.n;
        text_add(&all, (struct str){b.items[i].data.p, n});
        if (picture) text_adds(&all, strchr(picture, '"'));
        text_addc(&all, '\n');
    }
    CHECK(b.items[0].data.n < 16000);
    const char *line = strchr(b.items[1].data.p, '\n'); /* a second one: why it ended */
    CHECK(line == NULL || strchr(line + 1, '\n') == NULL);
    bundle_clear(&b);
}

static void training(void) {
    struct training_view *v = training_view_new(&err);
    struct train_event event = {.kind = TRAIN_BEGIN,
                                .n_epochs = 20,
                                .n_batches = 383,
                                .text = "49,000 examples, 383 batches of 128, Adam(1e-3) & more"};
    training_view_note(v, &event, &err);
    show_training("begin", v);
    event = (struct train_event){.kind = TRAIN_BATCH,
                                 .epoch = 1,
                                 .n_epochs = 20,
                                 .batch = 120,
                                 .n_batches = 383,
                                 .loss = 0.0345,
                                 .seconds = 0.9};
    training_view_note(v, &event, &err);
    show_training("first batches", v);
    struct table *rows = history(16);
    event = (struct train_event){.kind = TRAIN_EPOCH,
                                 .epoch = 16,
                                 .n_epochs = 20,
                                 .n_batches = 383,
                                 .loss = 0.012,
                                 .seconds = 130,
                                 .history = rows};
    training_view_note(v, &event, &err);
    table_unref(rows);
    show_training("after epoch 16", v);
    event = (struct train_event){.kind = TRAIN_NOTE,
                                 .epoch = 16,
                                 .n_epochs = 20,
                                 .text = "Stopped after epoch 16: val_loss <rose>."};
    training_view_note(v, &event, &err);
    event = (struct train_event){
        .kind = TRAIN_END, .epoch = 16, .n_epochs = 20, .seconds = 131, .interrupted = true};
    training_view_note(v, &event, &err);
    show_training("end", v);
    training_view_free(v);
    struct bundle b = {0};
    CHECK(display_training(&event, &b, &err));
    bundle_clear(&b);
}

static void same_as_golden(void) {
    CHECK(golden_same("values.txt", text_str(&all)));
    text_clear(&all);
}

static size_t file_bytes(const char *path, const char *begin) {
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    char head[9] = {0};
    size_t n = fread(head, 1, 8, f);
    CHECK(strncmp(head, begin, strlen(begin)) == 0);
    while (fgetc(f) != EOF) n++;
    fclose(f);
    remove(path);
    return n;
}

static void files(void) {
    struct sample s;
    sample_make(0, &s);
    struct value plot = {.kind = V_PLOT, .plot = s.plot};
    CHECK(display_save(plot, "saved.svg", 0, &err));
    CHECK(file_bytes("saved.svg", "<svg ") > 2000);
    CHECK(display_save(plot, "saved.png", 0, &err));
    size_t usual = file_bytes("saved.png", "\x89PNG");
    CHECK(display_save(plot, "saved.png", 50, &err));
    size_t small = file_bytes("saved.png", "\x89PNG");
    CHECK(small > 1000 && small < usual / 2);
    CHECK(!display_save(plot, "saved.png", 1e5, &err) && err.kind == ERR_VALUE);
    CHECK(display_save(plot, "saved.pdf", 0, &err));
    CHECK(file_bytes("saved.pdf", "%PDF-1.") > 2000);
    sample_clear(&s);
    struct value one = tensor(DT_UINT8, SIZES(12, 16, 3), picture);
    one.tensor->shape.axis[2] = intern_c("channel");
    CHECK(display_save(one, "saved.png", 0, &err));
    CHECK(file_bytes("saved.png", "\x89PNG") > 100);
    CHECK(display_save(one, "saved.svg", 0, &err));
    CHECK(file_bytes("saved.svg", "<svg ") > 500);
    CHECK(!display_save(one, "no/such/folder.png", 0, &err) && err.kind == ERR_FILE);
    CHECK(!display_save(value_int(3), "saved.png", 0, &err) && err.kind == ERR_TYPE);
    value_unref(one);
}

/* ---- nothing is lost, also when memory runs out ---- */

static void memory_runs_out(void) {
    struct table *t = fill_table(30);
    struct table *rows = history(30);
    struct value v[] = {tensor(DT_FLOAT32, SIZES(40, 40, 3), fraction),
                        {.kind = V_TABLE, .table = t},
                        {.kind = V_HISTORY, .table = rows}};
    size_t before = pool_live_blocks();
    for (size_t i = 0; i < ARRAY_LEN(v); i++)
        for (int64_t n = 1; n < 40; n++) {
            struct bundle b = {0};
            pool_fail_after(n);
            display_value(v[i], NULL, &b, &err);
            struct train_event event = {.kind = TRAIN_EPOCH, .epoch = 2, .history = rows};
            display_training(&event, &b, &err);
            pool_fail_after(0);
            bundle_clear(&b);
        }
    CHECK_EQ(pool_live_blocks(), before);
    for (size_t i = 0; i < ARRAY_LEN(v); i++) value_unref(v[i]);
}

TEST_MAIN(tensors, pictures, tables, containers, simple_values, configs, functions, models,
          training, files, same_as_golden, memory_runs_out)
