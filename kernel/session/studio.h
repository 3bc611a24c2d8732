/* What this machine costs, where that is known: inside SageMaker Studio, from files and the
 * environment that lie on the machine. Never asks a network. Sources of the instance's type, first
 * found wins:
 *   AWML_INSTANCE_TYPE                             said by the user
 *   /opt/ml/input/config/resourceconfig.json       in a training job
 *   /opt/ml/metadata/resource-metadata.json        Studio Classic: end of the app's name
 *   processors, memory and GPU of the machine      in a Studio space: a guess, and called one
 * AWML_STUDIO_ROOT stands before all these paths, for tests. */
#pragma once
#include "display/display.h"
#include <stdbool.h>

/* Looked for once in a process; false = not known, say nothing. May be called from any thread. */
bool studio_price(struct machine_price *out);
/* Hours since the machine's first process was started; negative = not known. */
double studio_hours(void);
