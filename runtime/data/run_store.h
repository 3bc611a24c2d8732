/* Runs kept on disk as MLflow's file store keeps them, so that `mlflow ui` and MLflow's Python
 * client read them:
 *
 *   mlruns/<experiment id>/meta.yaml
 *   mlruns/<experiment id>/<run id>/meta.yaml
 *                                  /params/<name>     the value
 *                                  /metrics/<name>    "time in ms  value  epoch", a line per epoch
 *                                  /tags/<name>
 *                                  /artifacts/
 *
 * (MLflow documentation, "File store"; layout version of MLflow 1 to 3.) */
#pragma once
#include "table.h"

enum { RUN_STORE_MAX_PARAMS = 64 };

struct run_to_store {
    const char *experiment, *name;
    int64_t start_ms, end_ms;
    bool interrupted;
    int n_params;
    struct {
        const char *key;
        struct str value;
    } params[RUN_STORE_MAX_PARAMS];
    const struct table *history; /* its number columns are the metrics; `epoch` counts */
};

/* A new run below `root`, with its experiment if that is new. */
bool run_store_write(const char *root, const struct run_to_store *run, struct err *e);
