/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster: the program.
 */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return mu_cli_main(argc, argv);
}
