// Every text of console and join page, in English, in one place.

import type {
  Action,
  EndReason,
  InputMethod,
  InvitationState,
  Permission,
  RejectReason,
  RequestState,
  UnansweredCause,
} from "./types";

interface Explained {
  readonly title: string;
  readonly detail: string;
}

export const text = {
  product: "On-demand console",
  title: (waiting: number, page: string) =>
    waiting > 0 ? `(${waiting}) ${page} · On-demand console` : `${page} · On-demand console`,

  common: {
    close: "Close",
    cancel: "Cancel",
    copied: "Copied",
    copyFailed: "Copying failed. Select the text and copy it by hand.",
    loading: "Loading…",
    dismiss: "Dismiss",
    unnamed: "unnamed",
    you: "you",
  },

  errors: {
    unreachable: "The service cannot be reached. Check your connection and try again.",
    page: "Something went wrong in this page. Reload it and try again.",
  },

  time: {
    justNow: "just now",
    ago: (span: string) => `${span} ago`,
    seconds: (count: number) => `${count} s`,
    minutes: (count: number) => `${count} min`,
    hours: (count: number) => `${count} h`,
  },

  signIn: {
    heading: "Sign in",
    lead: "For operators who help people on their computers, with their permission.",
    login: "Sign-in name",
    password: "Password",
    submit: "Sign in",
    busy: "Signing in…",
    expired: "You were signed out. Sign in again to go on where you were.",
    refused: "Sign-in name or password is wrong. Check both and try again.",
  },

  bar: {
    skip: "Skip to content",
    signOut: "Sign out",
    overview: "Overview",
  },

  connection: {
    lost: "Connection to the service lost. What you see may be out of date. Connecting again…",
    back: "Connected again. Everything is up to date.",
  },

  overview: {
    heading: "Overview",
  },

  invitations: {
    heading: "Invitations",
    label: "Who is it for? (optional)",
    labelHint: "Only operators see this",
    expiry: "Valid for",
    expiries: { 900: "15 minutes", 3600: "1 hour", 7200: "2 hours", 28800: "8 hours", 86400: "24 hours" },
    create: "Create invitation",
    created: (code: string) => `Invitation created. The session code is ${code}.`,
    empty: "No open invitations",
    emptyDetail:
      "Create one while you are on the phone with the user. Tell them the session code or send the link; then you can ask to connect.",
    unlabelled: "Invitation",
    code: "Session code",
    copyCode: "Copy code",
    copyLink: "Copy link",
    by: (name: string) => `by ${name}`,
    expiresIn: "Expires in",
    withdraw: "Withdraw",
    withdrawOf: (name: string) => `Withdraw ${name}`,
    ask: "Ask to connect",
    waiting: "Waiting for the user",
    joined: "The user has joined and waits for you",
    joinedAnnouncement: (name: string) => `A user joined: ${name}. You can ask to connect now.`,
    away: "The user's agent is not connected at the moment",
    agent: (system: string, version: string) => `${system} · agent ${version}`,
    over: (count: number) => (count === 1 ? "1 invitation of the last day is over" : `${count} invitations of the last day are over`),
    states: {
      open: "Open",
      joined: "Joined",
      used: "Used",
      withdrawn: "Withdrawn",
      expired: "Expired",
      left: "The user left",
    } satisfies Record<InvitationState, string>,
  },

  devices: {
    heading: "Devices",
    search: "Search devices",
    searchPlaceholder: "Computer, user or group",
    empty: "No devices yet",
    emptyDetail: "Computers that your IT department enrols appear here, and can be reached without a session code.",
    noMatch: "No device matches",
    noMatchDetail: "Search for a part of the computer's name, the user's name or the group.",
    more: (count: number) => `Show ${count} more`,
    pending: "Waits to be accepted",
    accept: "Accept",
    acceptOf: (name: string) => `Accept ${name}`,
    ask: "Ask to connect",
    askOf: (name: string) => `Ask to connect to ${name}`,
    retire: "Retire",
    retireOf: (name: string) => `Retire ${name}`,
    retireHeading: "Retire this device?",
    retireDetail: "Its agent can no longer be reached. To bring it back, the computer has to be enrolled again.",
    openSession: "Open session",
    count: (count: number) => (count === 1 ? "1 device" : `${count} devices`),
  },

  presence: {
    present: "Online",
    lastSeen: (when: string) => `Last seen ${when}`,
    never: "Never seen",
  },

  help: {
    heading: "Waiting for help",
    empty: "Nobody is waiting",
    emptyDetail: "When the user of a device asks for help, it shows here at once.",
    take: "I'll take it",
    takeOf: (name: string) => `Take the help request of ${name}`,
    takenBy: "Taken by",
    close: "Close",
    closeOf: (name: string) => `Close the help request of ${name}`,
    ask: "Ask to connect",
    announcement: (user: string, words: string) => `${user} asks for help: ${words}`,
  },

  sessions: {
    heading: "Sessions",
    empty: "No sessions in the last day",
    emptyDetail: "A session starts when a user approves your request.",
  },

  permissions: {
    names: {
      view: "View the desktop",
      control: "Use keyboard and mouse",
      files_read: "View and copy files",
      files_write: "Edit and place files",
      clipboard: "Share the clipboard",
      chat: "Chat",
      messages: "Show notes",
    } satisfies Record<Permission, string>,
    meanings: {
      view: "You see everything on the user's screen.",
      control: "You can do anything the user can do there.",
      files_read: "You can read and copy files from the folder the user chooses.",
      files_write: "You can change files and place new ones in that folder.",
      clipboard: "Text copied on one side can be pasted on the other.",
      chat: "You and the user write to each other.",
      messages: "You can show a note on the user's screen.",
    } satisfies Record<Permission, string>,
  },

  request: {
    heading: (name: string) => `Ask to connect to ${name}`,
    headingMore: "Ask for more",
    lead: "Ask only for what you need. The user sees this list with your name and decides.",
    leadMore: "The session goes on as it is until the user agrees.",
    newcomer:
      "Users who have not finished a session with your organisation before can grant viewing, chat and notes at first. Ask for more once the session runs.",
    choose: "What to ask for",
    group: (group: string) => `The group ${group} allows no more than this.`,
    nothingAllowed: "There is nothing more to ask for: everything that may be asked here is granted.",
    chooseOne: "Choose at least one permission.",
    answerWithin: "Time to answer",
    answerTimes: { 30: "30 seconds", 60: "1 minute", 120: "2 minutes", 300: "5 minutes" },
    send: "Send request",
    sending: "Sending…",
    withdraw: "Withdraw request",
    again: "Ask again",
    hide: "Keep waiting in the background",
    timeLeft: "Time left to answer",
    openSession: "Open session",
    overtime: "The user has asked for more time and can still answer, or the answer is on its way.",
    show: "Show request",
    latest: (outcome: string) => `Your last request: ${outcome}`,
    asked: "Asked for",
    grantedOf: (granted: number, asked: number) =>
      granted === asked
        ? "Approved: everything you asked for is granted."
        : `Approved: ${granted} of the ${asked} permissions you asked for are granted.`,
    givenBy: {
      pointer: "with mouse, pen or touch",
      keyboard: "with the keyboard",
      accessibility: "through an assistive technology",
    } satisfies Record<InputMethod, string>,
    states: {
      sent: { title: "Request sent", detail: "It is on its way to the user's computer." },
      not_reached: {
        title: "Not reached yet",
        detail:
          "The user's computer has not shown the request. It may be asleep or without a network. It is shown as soon as the agent is back, as long as there is time left; ask the user to wake the computer and check its network.",
      },
      shown: { title: "On the user's screen", detail: "The user is deciding. If they do not answer, it is a no." },
      approved: { title: "Approved", detail: "The user said yes." },
      rejected: { title: "Declined", detail: "The user said no. Talk to them before you ask again." },
      unanswered: { title: "Not answered", detail: "Nobody decided." },
    } satisfies Record<RequestState["state"], Explained>,
    badges: {
      sent: "Request sent",
      not_reached: "Not reached",
      shown: "User is deciding",
      approved: "Approved",
      rejected: "Declined",
      unanswered: "Not answered",
    } satisfies Record<RequestState["state"], string>,
    reasons: {
      not_now: "The user chose “Not now”. Agree on a better time.",
      not_requested: "The user chose “I did not ask for this”. Make sure that you are asking the right person.",
      // The service tells operators of a plain no; the text is here so that nothing is shown raw if one ever does not.
      suspicious: "The user said no.",
    } satisfies Record<RejectReason, string>,
    causes: {
      expired: {
        title: "The time to answer ran out",
        detail: "Nobody answered. Call the user and make sure that they are at the computer, then ask again.",
      },
      withdrawn: { title: "Withdrawn", detail: "You took the request back. The user's window has closed." },
      busy: {
        title: "The user is busy with another request",
        detail: "Another request or session is open on that computer. Ask again when it is over.",
      },
      locked: {
        title: "The screen is locked",
        detail: "The screen was locked or another person is using the computer. Ask the user to unlock it first.",
      },
      prompt_failed: {
        title: "The request could not be shown",
        detail: "The window failed on the user's computer. Ask again; if it fails again, have the agent restarted.",
      },
      no_display: {
        title: "There is no screen to show it on",
        detail: "Nobody is logged in to a desktop on that computer. Ask the user to log in.",
      },
      agent_restarted: {
        title: "The agent was restarted",
        detail: "The request was open when the agent started again. Ask again.",
      },
      link_lost: {
        title: "The connection to the user was lost",
        detail: "The computer lost the service while the request was open. Ask again when it is online.",
      },
      not_permitted: {
        title: "None of it may be granted there",
        detail:
          "The computer's policy, the device group or what the computer knows of your organisation allows none of what you asked for. Ask for less, such as viewing and chat.",
      },
      not_recorded: {
        title: "The approval could not be recorded",
        detail: "The user's computer could not write the receipt, so nothing was granted. Its disk may be full.",
      },
    } satisfies Record<UnansweredCause, Explained>,
  },

  session: {
    back: "Overview",
    page: (name: string) => `Session ${name}`,
    loading: "Loading the session…",
    missing: "This session cannot be found",
    missingDetail: "It may belong to another organisation, or its records were removed.",
    end: "End session",
    running: "Session time",
    left: "Time left",
    lasted: "Lasted",
    startedBy: "Operator",
    started: "Started",
    connected: "Connected",
    reconnecting: "Reconnecting",
    reconnectingDetail: "The user's computer lost its connection. The session ends if it does not come back within a minute.",
    suspended: "Suspended",
    suspendedDetail: "The user's screen is locked. You can go on when they are back; after five minutes the session ends.",
    ended: "Ended",
    actions: "What the operator is doing",
    actionsHint: "As the user's computer reports it to the user.",
    idle: "Nothing at the moment",
    actionNames: {
      viewing: "Viewing",
      controlling: "Controlling",
      transferring_files: "Transferring files",
      chatting: "Chatting",
    } satisfies Record<Action, string>,
    permissions: "Permissions",
    standings: {
      granted: "Granted",
      notGranted: "Asked, not granted",
      takenBack: "Taken back",
      notAsked: "Not asked",
    },
    askMore: "Ask for more",
    relay: "What you send and see passes through the service, which could read it.",
    endedHeading: "Session ended",
    endReasons: {
      user: "The user ended the session.",
      operator: "The operator ended the session.",
      service: "The service ended the session.",
      expired: "The agreed time ran out.",
      link_lost: "The connection to the user's computer was lost and did not come back in time.",
      locked: "The user's screen stayed locked for too long.",
      slept: "The user's computer slept for too long.",
      agent_stopped: "The user logged off, or the agent was closed.",
      agent_restarted: "The agent was started again during the session.",
      access_failed: "The part of the agent that serves the session failed. Ask to connect again.",
      not_started: "The approval came too late or could not be confirmed, so the session never started.",
    } satisfies Record<EndReason, string>,
    endedAnnouncement: (title: string, reason: string) => `The session ${title} is over. ${reason}`,
    moreGranted: (list: string) => `Granted as well: ${list}`,
  },

  chat: {
    heading: "Chat",
    log: "Messages of this session",
    empty: "No messages yet",
    emptyDetail: "Say hello: tell the user what you are about to do.",
    emptyEnded: "Nothing was written in this session.",
    notGranted: "Chat is not granted in this session. You can ask for it.",
    notYours: "This is another operator's session",
    notYoursDetail: "Only the session's own operator and the user can read and write its messages.",
    field: "Message",
    placeholder: "Write a message…",
    notePlaceholder: "Write a note to show on the user's screen…",
    hint: "Enter sends, Shift+Enter starts a new line.",
    send: "Send",
    note: "Show as note",
    noteMark: "Note",
    user: "User",
    tooLong: (limit: number) => `A message has at most ${limit} characters.`,
    announcement: (words: string) => `The user writes: ${words}`,
  },

  receipts: {
    heading: "Receipts",
    lead: "Signed by the user's computer: what was asked and how it was decided.",
    empty: "There are no receipts yet.",
    unreadable: "This receipt cannot be read here. Download it to examine it.",
    outcomes: { approved: "Approved", rejected: "Declined", unanswered: "Not answered" },
    given: "Answered",
    number: (count: number) => `Receipt ${count}`,
    show: "Show signed text",
    download: "Download",
    asked: "Asked",
    granted: "Granted",
    none: "nothing",
  },

  join: {
    heading: "is waiting for you",
    headingPlain: "Join a support session",
    domain: "Domain",
    domainHint: "confirmed by this service",
    noDomain: "No domain is confirmed for this organisation.",
    code: "Your session code",
    warning: "Only continue if you called them yourself.",
    called:
      "Did somebody call, write or open a message on your screen and ask you to come here? Then close this page. Call the organisation on a number you already know, and never on one they gave you.",
    next: "What to do",
    open: "Open the On-demand Agent",
    openHint: "The agent fills in the code. Nothing is shared until you press Start and then approve a request.",
    orType: "Or open the On-demand Agent on this computer yourself, type the code and press Start.",
    missingAgent: "No agent on this computer? Ask the person you called where to get it.",
    promise: "You see who asks, choose what they may do, watch, and can end it at any moment.",
    expires: "The code expires in",
    checking: "Looking up the code…",
    solving: "Many wrong codes are being tried at the moment, so this takes a few seconds longer…",
    enter: "Type the session code you were told",
    field: "Session code",
    placeholder: "123-456-789",
    submit: "Continue",
    malformed: "A session code has nine digits, like 123-456-789.",
    other: "Use another code",
    retry: "Try again",
    wrong: {
      title: "No one is waiting behind this code",
      detail: "Check the nine digits with the person you called. Codes work once and expire.",
    },
    closed: {
      title: "This code is no longer valid",
      detail: "It expired or was withdrawn. Ask the person you called for a new one.",
    },
    taken: {
      title: "This code has already been used",
      detail:
        "If that was you, go on in the On-demand Agent. If not, tell the person you called and ask for a new code.",
    },
    tooMany: {
      title: "Too many attempts",
      detail: (wait: string) => `To keep others from guessing codes, please wait ${wait} and try again.`,
    },
    failed: { title: "The code could not be looked up" },
  },
} as const;
