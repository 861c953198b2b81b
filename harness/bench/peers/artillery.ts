type Load = { target: string; users: number; thinkSeconds: number; seconds: number }

/** Virtual users that loop over one request and a pause, as Artillery describes a closed loop: its script, as JSON. */
export const artilleryScript = ({ target, users, thinkSeconds, seconds }: Load) => ({
  config: { target, http: { pool: 256 }, phases: [{ duration: 5, arrivalCount: users }] },
  scenarios: [
    {
      flow: [
        {
          loop: [{ get: { url: '/user' } }, { think: thinkSeconds }],
          count: Math.ceil(seconds / thinkSeconds),
        },
      ],
    },
  ],
})
