/* Runs on disk: the files that MLflow looks for, with what it reads in them. (Read by MLflow's own
 * client, version 3, when this was written: experiments, parameters, metric histories.) */
#include "files.h"
#include "data/read.h"
#include "data/run_store.h"
#include "base/intern.h"
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char root[64] = "/tmp/awml-runs-XXXXXX";

static struct table *history(void) {
    struct err e = {0};
    struct table *t = table_new(2, 3, &e);
    CHECK(t && table_set_column(t, 0, intern_c("epoch"), COLUMN_INT, &e) &&
          table_set_column(t, 1, intern_c("loss"), COLUMN_NUMBER, &e) &&
          table_set_column(t, 2, intern_c("val_loss"), COLUMN_NUMBER, &e));
    for (int i = 0; i < 2; i++) {
        t->columns[0].numbers[i] = i + 1;
        t->columns[1].numbers[i] = 0.5 - 0.25 * i;
        t->columns[2].numbers[i] = i ? NAN : 1;
    }
    return t;
}

/* The only entry of a folder that does not end in .yaml, counting how many there are. */
static int only_entry(const char *folder, char out[256]) {
    DIR *d = opendir(folder);
    int n = 0;
    CHECK(d != NULL);
    for (struct dirent *x; d && (x = readdir(d));) {
        if (x->d_name[0] == '.' || strcmp(x->d_name, "meta.yaml") == 0) continue;
        snprintf(out, 256, "%s", x->d_name);
        n++;
    }
    if (d) closedir(d);
    return n;
}

static bool holds(const char *folder, const char *file, const char *part) {
    char path[1024];
    struct text text = {0};
    struct err e = {0};
    snprintf(path, sizeof path, "%s/%s", folder, file);
    bool ok = read_file(path, &text, &e) && strstr(text.p ? text.p : "", part);
    if (!ok) printf("# %s: %s\n", path, text.p ? text.p : e.what);
    text_clear(&text);
    return ok;
}

static bool store(const char *experiment, bool interrupted) {
    struct err e = {0};
    struct table *h = history();
    struct run_to_store r = {.experiment = experiment,
                             .name = "Net",
                             .start_ms = 1000,
                             .end_ms = 3000,
                             .interrupted = interrupted,
                             .history = h,
                             .n_params = 1};
    r.params[0].key = "hidden";
    r.params[0].value = STR("64");
    bool ok = shown(run_store_write(root, &r, &e), &e);
    table_unref(h);
    return ok;
}

static void test_folder(void) {
    CHECK(mkdtemp(root) != NULL);
}

static void test_layout(void) {
    char experiment[256], run[256], folder[600], inside[1000], deeper[1200];
    CHECK(store("it's mine", false));
    CHECK_EQ(only_entry(root, experiment), 1);
    snprintf(folder, sizeof folder, "%s/%s", root, experiment);
    CHECK(holds(folder, "meta.yaml", "name: 'it''s mine'\n"));
    CHECK(holds(folder, "meta.yaml", "lifecycle_stage: active\n"));
    CHECK(holds(folder, "meta.yaml", experiment));
    CHECK_EQ(only_entry(folder, run), 1);
    CHECK_EQ(strlen(run), 32);
    snprintf(inside, sizeof inside, "%s/%s", folder, run);
    CHECK(holds(inside, "meta.yaml", "status: 3\n"));
    CHECK(holds(inside, "meta.yaml", "run_name: 'Net'\n"));
    CHECK(holds(inside, "meta.yaml", "start_time: 1000\n"));
    CHECK(holds(inside, "params/hidden", "64"));
    CHECK(holds(inside, "metrics/loss", "2000 0.5 1\n3000 0.25 2\n"));
    CHECK(holds(inside, "metrics/val_loss", "2000 1 1\n3000 nan 2\n"));
    CHECK(holds(inside, "tags/mlflow.runName", "Net"));
    snprintf(deeper, sizeof deeper, "%s/artifacts", inside);
    CHECK_EQ(access(deeper, F_OK), 0);
    snprintf(deeper, sizeof deeper, "%s/metrics/epoch", inside);
    CHECK(access(deeper, F_OK) != 0);
}

/* The second run of an experiment goes to the first one's folder, whoever wrote its meta.yaml. */
static void test_again(void) {
    char experiment[256], run[256], folder[600];
    CHECK(store("it's mine", true));
    CHECK_EQ(only_entry(root, experiment), 1);
    snprintf(folder, sizeof folder, "%s/%s", root, experiment);
    CHECK_EQ(only_entry(folder, run), 2);
    CHECK(store("another", false));
    CHECK_EQ(only_entry(root, experiment), 2);
}

static void test_no_folder(void) {
    struct err e = {0};
    struct table *h = history();
    struct run_to_store r = {.experiment = "x", .name = "y", .history = h};
    CHECK(!run_store_write("/proc/no/such", &r, &e));
    CHECK(strstr(e.what, "cannot be written"));
    table_unref(h);
}

static void test_clean(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    CHECK_EQ(system(command), 0);
}

TEST_MAIN(test_folder, test_layout, test_again, test_no_folder, test_clean)
