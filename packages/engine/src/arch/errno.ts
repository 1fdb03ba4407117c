/** The errors the modelled paths return, negative as in the kernel. */
export const EINVAL = -22
export const ENOMEM = -12
export const EBUSY = -16
export const EEXIST = -17
export const EAGAIN = -11
