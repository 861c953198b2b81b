/** What one reads before and while one gets in, in one place, ready for another language. */
export const account = {
  signUp: {
    title: 'Create your account',
    text: 'Free for small teams. No credit card required.',
    invitedText: (organisation: string) => `You are joining ${organisation}.`,
    name: 'Your name',
    email: 'E-mail',
    password: 'Password',
    passwordHint: 'At least 10 characters.',
    organisation: 'Organisation',
    submit: 'Create account',
    busy: 'Creating …',
    have: 'Already have an account?',
    signIn: 'Sign in',
  },
  signIn: {
    none: 'No account yet?',
    signUp: 'Sign up',
    refused:
      'Wrong e-mail or password. After ten failed attempts wait 15 minutes, or ask for a sign-in link.',
    failed: 'Sign-in is unavailable at the moment. Try again in a minute.',
    mailed: 'You sign in as',
    byLink: 'Sign in to Worklane',
    otherWay: 'An account with this e-mail exists already. Sign in the way you did before.',
    linkGone: 'That link has expired or was used already. Ask for a new one.',
    with: (provider: string) => `Continue with ${provider}`,
  },
  proof: {
    title: 'Confirm your e-mail address',
    text: (email: string) =>
      `You can invite people and create API keys once you have confirmed that ${email} is yours. Open the link we sent you in this browser.`,
    send: 'Send the link again',
    sending: 'Sending …',
    sent: (email: string) => `We sent a link to ${email}. It is valid for 15 minutes.`,
    failed: 'The link could not be sent. Try again in a minute.',
  },
  invitation: {
    title: 'Invitation',
    text: (who: string, organisation: string, role: string) =>
      `${who} invites you to ${organisation} as ${role}.`,
    accept: 'Accept',
    signUp: 'Create an account',
    signIn: 'I have an account',
    gone: 'This invitation is no longer valid',
    goneText: 'It was used or revoked, or it is older than a week. Ask for a new one.',
    home: 'To Worklane',
    /** By the kind of the problem, which stands in the address: an address never brings a text of its own. */
    problems: {
      notFound: 'This invitation is no longer valid. Ask for a new one.',
      forbidden: 'This invitation was sent to another address. Sign in with that one.',
      readOnly:
        'This organisation cannot add members until it has paid an invoice. Ask the person who invited you.',
      beyondPlan:
        'This organisation has reached the member limit of its plan. Ask the person who invited you to upgrade.',
      tooMany: 'Too many attempts. Wait a while, then try again.',
      other: 'The invitation could not be accepted. Try again.',
    },
  },
  unsubscribe: {
    title: 'Unsubscribe',
    text: (organisation: string) =>
      `You receive summaries of your unread notifications in ${organisation}. Click once to stop them.`,
    submit: 'Unsubscribe',
    doneTitle: 'You are unsubscribed',
    doneText: (organisation: string) =>
      `You no longer receive summaries from ${organisation}. Invitations, sign-in links and e-mails about payments still reach you.`,
    settings: 'Change how often you receive them',
    goneTitle: 'This link is no longer valid',
    goneText: 'You have left the organisation, so it sends you no e-mails any more.',
    home: 'To Worklane',
  },
  onboarding: {
    title: 'Start your first project',
    text: 'A project has a board, and its tasks carry a short key.',
    name: 'Project',
    key: 'Key',
    keyHint: 'The prefix of each task’s number, as in ATL-12.',
    submit: 'Start',
    skip: 'Later',
    example: [
      'Read this task, then move it to Done',
      'Invite somebody you work with',
      'Write down what comes next',
    ],
    organisationTitle: 'Start an organisation',
    organisationText: 'A separate space with its own people, data and plan.',
    organisation: 'Name',
    create: 'Create organisation',
  },
} as const
