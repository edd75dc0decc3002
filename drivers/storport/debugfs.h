/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State of the adapters, for people.
 */
#ifndef STORPORT_DEBUGFS_H
#define STORPORT_DEBUGFS_H

struct storport_port;

#ifdef CONFIG_DEBUG_FS
void storport_debugfs_init(void);
void storport_debugfs_exit(void);
void storport_debugfs_add(struct storport_port *port);
void storport_debugfs_remove(struct storport_port *port);
#else
static inline void storport_debugfs_init(void) {}
static inline void storport_debugfs_exit(void) {}
static inline void storport_debugfs_add(struct storport_port *port) {}
static inline void storport_debugfs_remove(struct storport_port *port) {}
#endif

#endif /* STORPORT_DEBUGFS_H */
