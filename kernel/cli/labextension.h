/* The JupyterLab extension: kernelspec/labextension as one folder in which JupyterLab 4 and
 * Notebook 7 find it, made without a bundler. The words of the language are written into it. */
#pragma once
#include "base/err.h"

/* Put it into `folder` ("…/labextensions/awml"): whole or not at all. */
bool labextension_write(const char *folder, struct err *e);
/* Remove what labextension_write made. */
bool labextension_remove(const char *folder, struct err *e);
