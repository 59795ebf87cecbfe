/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint: hands over to the command look-up, nothing else. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return dml_cli_main(argc, argv);
}
