#ifndef SWITCHYARD_CLIBYAML_SHIM_H
#define SWITCHYARD_CLIBYAML_SHIM_H

#include <yaml.h>

#endif
