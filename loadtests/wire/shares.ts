/** Users that one VU plays: enough to share its wake-ups, few enough for its one thread. */
export const usersPerVu = 5_000
