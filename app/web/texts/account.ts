/** What one reads before and while one gets in, in one place, ready for another language. */
export const account = {
  signUp: {
    title: 'Start with Worklane',
    text: 'Free for small teams. No card.',
    invitedText: (organisation: string) => `You join ${organisation}.`,
    name: 'Your name',
    email: 'E-mail',
    password: 'Password',
    passwordHint: 'At least 10 characters.',
    organisation: 'Organisation',
    submit: 'Create account',
    busy: 'Creating …',
    have: 'You have an account?',
    signIn: 'Sign in',
  },
  signIn: {
    none: 'No account yet?',
    signUp: 'Sign up',
    refused:
      'This e-mail and password do not belong together. After ten wrong tries wait 15 minutes, or ask for a link by e-mail.',
    failed: 'Signing in does not work at the moment. Try again in a minute.',
    mailed: 'You sign in as',
    byLink: 'Sign in to Worklane',
    otherWay: 'There is an account with this e-mail already. Sign in as you did before.',
    linkGone: 'That link is no longer good. Ask for a new one.',
    with: (provider: string) => `Continue with ${provider}`,
  },
  proof: {
    title: 'Confirm your e-mail address',
    text: (email: string) =>
      `You can let others in, by an invitation or a key, once it is known that ${email} is yours. Open the link that was mailed to you in this browser.`,
    send: 'Send the link again',
    sending: 'Sending …',
    sent: (email: string) => `A link is on its way to ${email}. It is good for 15 minutes.`,
    failed: 'The link could not be sent. Try again in a minute.',
  },
  invitation: {
    title: 'Invitation',
    text: (who: string, organisation: string, role: string) =>
      `${who} invites you to ${organisation} as ${role}.`,
    accept: 'Accept',
    signUp: 'Create an account',
    signIn: 'I have an account',
    gone: 'This invitation is no longer good',
    goneText: 'It was used, taken back, or is older than a week. Ask for a new one.',
    home: 'To Worklane',
    /** By the kind of the problem, which stands in the address: an address never brings a text of its own. */
    problems: {
      notFound: 'This invitation is no longer good. Ask for a new one.',
      forbidden: 'This invitation was sent to another address: sign in with that one.',
      readOnly: 'The organisation takes nobody in until it has paid an invoice. Ask who invited you.',
      beyondPlan:
        'The organisation has as many members as its plan allows. Ask who invited you to change it.',
      tooMany: 'Too many tries. Wait a while, then try again.',
      other: 'The invitation could not be accepted. Try again.',
    },
  },
  unsubscribe: {
    title: 'Unsubscribe',
    text: (organisation: string) =>
      `You get mails about what you have not read in ${organisation}. One click, and you get no more of them.`,
    submit: 'Get no more of these mails',
    doneTitle: 'You are unsubscribed',
    doneText: (organisation: string) =>
      `You get no more mails about what you have not read in ${organisation}. Invitations, links to sign in and mails about payments still reach you.`,
    settings: 'Choose how often you get them',
    goneTitle: 'This link is no longer good',
    goneText: 'It belongs to nobody any more: whoever leaves an organisation gets no mails about it.',
    home: 'To Worklane',
  },
  onboarding: {
    title: 'Start your first project',
    text: 'A project has a board, and tasks with a short key.',
    name: 'Project',
    key: 'Key',
    keyHint: 'It stands before each task’s number: ATL-12.',
    submit: 'Start',
    skip: 'Later',
    example: [
      'Read this task, then move it to Done',
      'Invite somebody you work with',
      'Write down what comes next',
    ],
    organisationTitle: 'Start an organisation',
    organisationText: 'Your work, your people, your plan. Nobody else sees them.',
    organisation: 'Name',
    create: 'Create organisation',
  },
} as const
