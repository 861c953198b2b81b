// Virtual users that loop over one request and a pause, as Artillery describes a closed loop.
const { USERS, THINK_SECONDS, SECONDS, TARGET } = process.env
const ramp = 5

module.exports = {
  config: {
    target: TARGET,
    http: { pool: 256 },
    phases: [{ duration: ramp, arrivalCount: Number(USERS) }],
    processor: null,
    variables: { think: [Number(THINK_SECONDS)] },
  },
  scenarios: [
    {
      flow: [
        {
          loop: [{ get: { url: '/user' } }, { think: Number(THINK_SECONDS) }],
          count: Math.ceil(Number(SECONDS) / Number(THINK_SECONDS)),
        },
      ],
    },
  ],
}
