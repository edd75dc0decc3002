/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State of the controllers, for people.
 */
#ifndef VSP_STOR_DEBUGFS_H
#define VSP_STOR_DEBUGFS_H

struct vsp_stor_ctrl;

#ifdef CONFIG_DEBUG_FS
void vsp_stor_debugfs_init(void);
void vsp_stor_debugfs_exit(void);
void vsp_stor_debugfs_add(struct vsp_stor_ctrl *ctrl);
void vsp_stor_debugfs_remove(struct vsp_stor_ctrl *ctrl);
#else
static inline void vsp_stor_debugfs_init(void) {}
static inline void vsp_stor_debugfs_exit(void) {}
static inline void vsp_stor_debugfs_add(struct vsp_stor_ctrl *ctrl) {}
static inline void vsp_stor_debugfs_remove(struct vsp_stor_ctrl *ctrl) {}
#endif

#endif /* VSP_STOR_DEBUGFS_H */
