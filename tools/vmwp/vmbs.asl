// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device by which guests find VMBus. The _HID is not of the form that ACPI
 * asks for, but it is what guests look for: iasl needs -f.
 *
 * No memory resources: Linux takes the bus's MMIO window from here or from an
 * ancestor, and does without one unless a device asks for it. The interrupt is
 * not used, since the SINT is; Windows wants to see one, and does not share it.
 */
DefinitionBlock ("", "SSDT", 2, "VMB", "VMBUS", 0x00000001)
{
    Scope (\_SB)
    {
        Device (VMBS)
        {
            Name (_HID, "VMBus")
            Name (_UID, Zero)
            Name (_DDN, "VMBUS")
            Name (_STA, 0x0F)
            Name (_CRS, ResourceTemplate ()
            {
                IRQNoFlags () {7}
            })
        }
    }
}
