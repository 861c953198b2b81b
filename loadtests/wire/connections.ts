/**
 * Connections that the VUs of a run open at most, all shards together; what is due beyond them waits, and the waiting is
 * told. One for each user while there are few, and else as many as a CDN in front of the target would open, not as many
 * as there are users; ten times the users open ten times as many, or they would wait for each other.
 */
export const connectionsFor = (users: number): number =>
  Math.max(Math.min(users, connectionsOfMany), Math.floor((connectionsOfMany * users) / many))
const connectionsOfMany = 640
const many = 100_000
