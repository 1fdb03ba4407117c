/** Text exports are handed on in pieces of about this many characters: few writes, little memory. */
export const TEXT_CHUNK = 64 * 1024
