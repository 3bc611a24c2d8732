/* The nbconvert template `awml` (kernelspec/nbconvert): JupyterLab's page, with plots and tables
 * that fit a sheet of paper. */
#pragma once
#include "base/err.h"

/* Put it into `folder` ("…/nbconvert/templates/awml"): whole or not at all. */
bool nbconvert_write(const char *folder, struct err *e);
/* Remove what nbconvert_write made. */
bool nbconvert_remove(const char *folder, struct err *e);
