/* SPDX-License-Identifier: Apache-2.0
 * One software-generated interrupt to every other core (GICv3, group 1), for strategies that stop cores where they are.
 */
#ifndef BARE_IPI_H
#define BARE_IPI_H

void ipi_init_distributor(void); /* once */
void ipi_init_core(void);        /* each core; interrupts stay masked */
void ipi_enable(bool on);        /* PSTATE.I of this core */
void ipi_send_to_others(void);
/* Called at each interrupt of this core, between acknowledge and end; set before ipi_init_core(). */
extern void (*ipi_handler)(void);
void ipi_exception(void); /* from the vector */

#endif
