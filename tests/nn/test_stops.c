/* What ends a training early, what callbacks do, and sets that are unusually small. */
#include "../harness.h"
#include "nn_tools.h"

/* ---- callbacks ---- */

static char notes[4][512];
static int n_notes, n_epochs_told, n_begin, n_end;

static void listen(void *user, const struct train_event *event) {
    (void)user;
    if (event->kind == TRAIN_NOTE && n_notes < 4)
        snprintf(notes[n_notes++], sizeof notes[0], "%s", event->text);
    if (event->kind == TRAIN_EPOCH) {
        n_epochs_told++;
        CHECK_EQ(event->history->n_rows, event->epoch);
    }
    n_begin += event->kind == TRAIN_BEGIN;
    n_end += event->kind == TRAIN_END;
    if (event->kind == TRAIN_BEGIN)
        CHECK(strstr(event->text, "70 examples · 3 batches of 32 · 225 weights learn") != NULL);
}

static void listen_notes(void *user, const struct train_event *event) {
    (void)user;
    if (event->kind == TRAIN_NOTE && n_notes < 4)
        snprintf(notes[n_notes++], sizeof notes[0], "%s", event->text);
}

static void start_listening(struct train_spec *spec) {
    n_notes = n_epochs_told = n_begin = n_end = 0;
    memset(notes, 0, sizeof notes);
    spec->observe = listen;
}

static void test_early_stopping(void) {
    struct scene s = scene_new();
    struct config *adam = config_make("Adam", "learning_rate", 0.1, NULL);
    struct config *stop = config_make("EarlyStopping", "patience", 3.0, NULL);
    s.spec.optimizer = adam;
    s.spec.has_validation = true;
    s.spec.epochs = 200;
    s.spec.callbacks[s.spec.n_callbacks++] = stop;
    start_listening(&s.spec);
    struct train_result r;
    CHECK(train(&s.spec, &r));
    int64_t row;
    best_row(r.history, "val_loss", &row);
    CHECK_EQ(r.history->n_rows, row + 1 + 3);
    CHECK_EQ(r.best_epoch, row + 1);
    CHECK(strstr(notes[0], "val_loss has not become better for 3 epochs.") != NULL);
    CHECK(r.history->note && strcmp(r.history->note, notes[0]) == 0);
    CHECK_EQ(n_epochs_told, r.history->n_rows);
    CHECK(n_begin == 1 && n_end == 1 && !r.interrupted);
    result_clear(&r);
    s.spec.has_validation = false; /* nothing to watch */
    CHECK(!train_run(&s.spec, &r, &last_error));
    CHECK_EQ(last_error.kind, ERR_SETTING);
    CHECK_STR(last_error.label, "needs `validate`");
    config_unref(adam);
    config_unref(stop);
    scene_free(&s);
}

static void test_plateau(void) {
    struct scene s = scene_new();
    struct config *sgd = config_make("SGD", "learning_rate", 0.0, NULL);
    struct config *slow = config_make("ReduceLROnPlateau", "factor", 0.5, "patience", 2.0,
                                      "cooldown", 1.0, "min_lr", 0.03, NULL);
    s.spec.optimizer = sgd;
    s.spec.has_validation = true;
    s.spec.epochs = 12;
    s.spec.callbacks[s.spec.n_callbacks++] = slow;
    /* with a rate of 0 nothing ever improves, but then there is nothing to halve: so a rate that
     * moves less than min_delta */
    config_set_number(sgd, "learning_rate", 1e-9, &last_error);
    config_set_number(slow, "min_lr", 3e-10, &last_error);
    struct train_result r;
    CHECK(train(&s.spec, &r));
    /* best at 1; waits at 2, 3 -> halved from 4 on; cooldown at 4; waits at 5, 6 -> halved, 7 … */
    double expected[] = {1e-9,   1e-9,   1e-9,   0.5e-9, 0.5e-9, 0.5e-9,
                         0.3e-9, 0.3e-9, 0.3e-9, 0.3e-9, 0.3e-9, 0.3e-9};
    for (int i = 0; i < 12; i++)
        CHECK_NEAR(history_at(r.history, "lr", i) * 1e9, expected[i] * 1e9, 1e-9);
    result_clear(&r);
    config_unref(sgd);
    config_unref(slow);
    scene_free(&s);
}

static void test_checkpoint(void) {
    struct scene s = scene_new();
    struct config *save = config_new(config_find(STR("ModelCheckpoint")), &last_error);
    save->n_args = 2;
    save->args[0] = (struct arg){.kind = ARG_TEXT, .text = "test_train_{epoch}.safetensors"};
    save->args[1] = (struct arg){.kind = ARG_NUMBER, .number = 2};
    s.spec.epochs = 4;
    s.spec.callbacks[s.spec.n_callbacks++] = save;
    struct train_result r;
    CHECK(train(&s.spec, &r));
    struct weights *last = model_load_weights(s.m, "test_train_4.safetensors", &last_error);
    struct weights *none = model_load_weights(s.m, "test_train_3.safetensors", &last_error);
    CHECK(last && !none);
    CHECK(last && memcmp(last->data, r.weights->data, (size_t)last->n * sizeof(float)) == 0);
    weights_unref(last);
    remove("test_train_2.safetensors");
    remove("test_train_4.safetensors");
    result_clear(&r);
    config_unref(save);
    scene_free(&s);
}

/* ---- endings ---- */

static void test_not_a_number(void) {
    struct scene s = scene_new();
    struct config *wild = config_make("SGD", "learning_rate", 1e12, NULL);
    s.spec.optimizer = wild;
    start_listening(&s.spec);
    struct train_result r;
    CHECK(train(&s.spec, &r));
    CHECK(strstr(notes[0], "The loss is not a number since epoch 1") != NULL);
    CHECK(strstr(notes[0], "A smaller learning rate (it is 1e+12)") != NULL);
    CHECK_EQ(r.best_epoch, 0);
    CHECK_EQ(r.history->n_rows, 0);
    CHECK(memcmp(r.weights->data, s.w->data, (size_t)s.w->n * sizeof(float)) == 0);
    result_clear(&r);
    tensor_set(s.x, 5, NAN);
    s.spec.optimizer = NULL;
    start_listening(&s.spec);
    CHECK(train(&s.spec, &r));
    CHECK(strstr(notes[0], "1 number of the inputs is missing") != NULL);
    result_clear(&r);
    config_unref(wild);
    scene_free(&s);
}

/* A wrong validation set is called by its name; targets out of an output's reach get an advice. */
static void test_validation_set_and_advice(void) {
    struct scene s = scene_new();
    struct train_result r;
    s.spec.has_validation = true;
    s.spec.validation.targets[0] = s.vx;
    struct err e = {0};
    CHECK(!train_run(&s.spec, &r, &e));
    CHECK(strstr(e.what, "The targets `validate` do not look like") != NULL);
    CHECK_EQ(e.at.start, 4);
    scene_free(&s);
    struct model *m = chain_of(12, 1, dense(1, "sigmoid"));
    struct weights *w = model_init(m, 1, 1, &e);
    struct tensor *x = images(DT_FLOAT32), *y = make_values(DT_UINT8, 70, 0, 1, 100, 100);
    struct config *mse = config_make("mse", NULL);
    struct train_spec spec = train_defaults(m, w, x, y);
    spec.losses[0] = (struct measure){.config = mse, .factor = 1};
    spec.epochs = 1;
    start_listening(&spec);
    spec.observe = listen_notes;
    CHECK(train(&spec, &r));
    CHECK(strstr(notes[0], "stays between 0 and 1, but the targets go up to 199") != NULL);
    result_clear(&r);
    config_unref(mse);
    tensor_unref(x);
    tensor_unref(y);
    weights_unref(w);
    model_unref(m);
}

static _Atomic bool stop_flag;

static void stop_in_epoch(void *user, const struct train_event *event) {
    const int64_t *epoch = user;
    if (event->kind == TRAIN_EPOCH && event->epoch == *epoch) stop_flag = true;
}

static void test_interrupt(void) {
    struct scene s = scene_new();
    struct train_result r, shorter;
    int64_t after = 3;
    s.spec.stop = &stop_flag;
    s.spec.observe = stop_in_epoch;
    s.spec.user = &after;
    CHECK(train(&s.spec, &r));
    CHECK(r.interrupted);
    CHECK_EQ(r.history->n_rows, 3);
    CHECK_EQ(r.best_epoch, 3);
    CHECK_STR(r.history->note, "Interrupted in epoch 4 of 10. The weights of epoch 3 are kept.");
    CHECK_EQ(last_error.kind, ERR_NONE);
    stop_flag = false;
    after = 100;
    s.spec.epochs = 3; /* three epochs by choice give the same weights */
    CHECK(train(&s.spec, &shorter));
    CHECK(memcmp(r.weights->data, shorter.weights->data, (size_t)s.w->n * sizeof(float)) == 0);
    result_clear(&r);
    result_clear(&shorter);
    stop_flag = true; /* before the first epoch */
    CHECK(train(&s.spec, &r));
    CHECK(r.interrupted && r.best_epoch == 0 && r.history->n_rows == 0);
    CHECK(memcmp(r.weights->data, s.w->data, (size_t)s.w->n * sizeof(float)) == 0);
    stop_flag = false;
    result_clear(&r);
    scene_free(&s);
}

static void test_steps_and_limit(void) {
    struct scene s = scene_new();
    struct train_result r;
    s.spec.steps = 7; /* of 3 a epoch */
    CHECK(train(&s.spec, &r));
    CHECK_EQ(r.history->n_rows, 3);
    result_clear(&r);
    s.spec.steps = 0;
    s.spec.limit_seconds = 1e-9;
    CHECK(train(&s.spec, &r));
    CHECK_EQ(r.history->n_rows, 1);
    CHECK(strstr(r.history->note, "the time limit of 1e-09 seconds is over") != NULL);
    result_clear(&r);
    scene_free(&s);
}

/* A batch larger than the data, and a set of one example. */
static void test_small_sets(void) {
    struct scene s = scene_new();
    struct train_result r;
    s.spec.batch = 1000;
    s.spec.epochs = 2;
    CHECK(train(&s.spec, &r));
    result_clear(&r);
    struct tensor *x = tensor_rows(s.x, 0, 1, &last_error);
    struct tensor *y = tensor_rows(s.y, 0, 1, &last_error);
    s.spec.data = (struct examples){.inputs = {x}, .targets = {y}};
    CHECK(train(&s.spec, &r));
    result_clear(&r);
    tensor_unref(x);
    tensor_unref(y);
    x = tensor_rows(s.x, 0, 0, &last_error);
    y = tensor_rows(s.y, 0, 0, &last_error);
    s.spec.data = (struct examples){.inputs = {x}, .targets = {y}};
    CHECK(!train_run(&s.spec, &r, &last_error));
    CHECK_STR(last_error.what, "There are no examples to learn from.");
    tensor_unref(x);
    tensor_unref(y);
    scene_free(&s);
}

/* ---- memory runs out ---- */

static bool try_training(struct scene *s, struct err *e) {
    struct train_result r;
    if (!train_run(&s->spec, &r, e)) return false;
    result_clear(&r);
    return true;
}

static bool try_predict(struct scene *s, struct err *e) {
    struct tensor *out[MODEL_MAX_PORTS] = {0};
    struct predict_spec spec = {
        .model = s->m, .weights = s->w, .inputs = &s->x, .batch = 32, .dropout = true};
    if (!model_predict(&spec, out, e)) return false;
    tensor_unref(out[0]);
    return true;
}

static bool try_evaluate(struct scene *s, struct err *e) {
    double values[2];
    struct evaluate_spec spec = {
        .model = s->m, .weights = s->w, .data = &s->spec.data, .measures = s->spec.metrics, .n = 2};
    return train_evaluate(&spec, values, e);
}

static bool try_measure(struct scene *s, struct err *e) {
    double value;
    return measure_eval(s->spec.metrics[0].config, s->y, s->y, &value, e) &&
           measure_eval(s->spec.metrics[1].config, s->y, s->y, &value, e);
}

static bool try_files(struct scene *s, struct err *e) {
    if (!model_save_weights(s->m, s->w, "test_stops.safetensors", e)) return false;
    struct weights *w = model_load_weights(s->m, "test_stops.safetensors", e);
    remove("test_stops.safetensors");
    weights_unref(w);
    return w != NULL;
}

static bool walk_once(struct model *m, bool training, struct layer *const *l, struct err *e) {
    struct builder b;
    struct desc d = {.dtype = DT_FLOAT32, .shape = shape_of(2, (int64_t[]){SIZE_BATCH, 12})};
    if (!builder_init(&b, m, training, e)) return false;
    struct node *x = builder_input(&b, "x", &d, e);
    for (int i = 0; x && i < 3; i++) x = layer_apply(&b, l[i], &x, 1, e);
    return x && builder_output(&b, "y", x, e) && builder_finish(&b, e);
}

static bool try_building(struct scene *s, struct err *e) {
    (void)s;
    static const char *const kinds[] = {"BatchNorm", "Flatten", "LayerNorm"};
    struct layer *l[3] = {0};
    bool ok = true;
    for (int i = 0; ok && i < 3; i++) {
        struct config *c = config_default(config_find(str_of(kinds[i])), e);
        ok = c && (l[i] = layer_new(c, e));
        config_unref(c);
    }
    struct model *m = ok ? model_new("Net", e) : NULL;
    ok = m && walk_once(m, true, l, e) && walk_once(m, false, l, e);
    struct weights *w = ok ? model_init(m, 1, 1, e) : NULL;
    weights_unref(w);
    model_unref(m);
    for (int i = 0; i < 3; i++) layer_unref(l[i]);
    return w != NULL;
}

/* Every allocation fails once: an error, no crash, nothing lost. */
static void check_allocations(struct scene *s, bool (*attempt)(struct scene *s, struct err *e)) {
    struct err first = {0};
    CHECK(attempt(s, &first)); /* names are interned now */
    size_t before = pool_live_blocks();
    int64_t n = 1;
    for (bool done = false; !done && n < 5000; n++) {
        struct err e = {0};
        pool_fail_after(n);
        done = attempt(s, &e);
        pool_fail_after(0);
        if (!done) CHECK_EQ(e.kind, ERR_MEMORY);
        CHECK_EQ(pool_live_blocks(), before);
    }
    CHECK(n > 5 && n < 5000);
}

static void test_memory_runs_out(void) {
    struct scene s = scene_new();
    struct config *r2 = config_make("r2", NULL), *mae = config_make("mae", NULL);
    struct config *stop = config_make("EarlyStopping", "patience", 1.0, NULL);
    s.spec.epochs = 2;
    s.spec.has_validation = true;
    s.spec.n_metrics = 2;
    s.spec.metrics[0] = (struct measure){.config = r2};
    s.spec.metrics[1] = (struct measure){.config = mae};
    s.spec.callbacks[s.spec.n_callbacks++] = stop;
    s.spec.observe = listen_notes;
    check_allocations(&s, try_training);
    check_allocations(&s, try_predict);
    check_allocations(&s, try_evaluate);
    check_allocations(&s, try_measure);
    check_allocations(&s, try_files);
    check_allocations(&s, try_building);
    config_unref(r2);
    config_unref(mae);
    config_unref(stop);
    scene_free(&s);
}

static void test_no_leaks(void) {
    CHECK_NO_LEAKS(test_early_stopping, test_plateau, test_checkpoint, test_not_a_number,
                   test_validation_set_and_advice, test_interrupt, test_steps_and_limit,
                   test_small_sets);
}

TEST_MAIN(test_early_stopping, test_plateau, test_checkpoint, test_not_a_number,
          test_validation_set_and_advice, test_interrupt, test_steps_and_limit, test_small_sets,
          test_memory_runs_out, test_no_leaks)
