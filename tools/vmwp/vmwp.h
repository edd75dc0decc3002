/* SPDX-License-Identifier: GPL-2.0-only */
/* What the launcher tells the relay, by environment variables. */
#ifndef VMWP_H
#define VMWP_H

#define VMWP_ENV_PARTITION	"VMWP_PARTITION"
#define VMWP_ENV_TRACE		"VMWP_TRACE"
#define VMWP_ENV_PIN		"VMWP_PIN_MEMORY"
/* the LD_PRELOAD that was there before, to give back */
#define VMWP_ENV_PRELOAD	"VMWP_LD_PRELOAD"
/* the file descriptor of the ACPI table, not to be inherited any further */
#define VMWP_ENV_ACPI_FD	"VMWP_ACPI_FD"

#endif /* VMWP_H */
