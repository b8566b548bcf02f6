// Everything that runs in the virtual machine, in order.
import './machine.guest.ts'
