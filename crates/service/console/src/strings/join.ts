// Words of the page on which a user finds their session code.

import { t } from "../language";

export const join = {
  heading: (name: string) => t("{name} is waiting for you", { name }),
  headingPlain: t("Join a support session"),
  domain: t("Domain"),
  domainHint: t("confirmed by this service"),
  noDomain: t("No domain is confirmed for this organisation."),
  code: t("Your session code"),
  warning: t("Only continue if you called them yourself."),
  called: t("Did somebody call, write or open a message on your screen and ask you to come here? Then close this page. Call the organisation on a number you already know, and never on one they gave you."),
  next: t("What to do"),
  open: t("Open the On-demand Agent"),
  openHint: t("The agent fills in the code. Nothing is shared until you press Start and then approve a request."),
  orType: t("Or open the On-demand Agent on this computer yourself, type the code and press Start."),
  missingAgent: t("No agent on this computer? Ask the person you called where to get it."),
  download: t("No agent on this computer? Download it and start it: nothing is installed, and it leaves when the session ends."),
  downloadFor: (system: string) => t("Download for {system}", { system }),
  downloadLinux: t("On Linux the file has to be allowed to run first: open its properties and switch that on."),
  promise: t("You see who asks, choose what they may do, watch, and can end it at any moment."),
  expires: t("The code expires in"),
  checking: t("Looking up the code…"),
  solving: t("Many wrong codes are being tried at the moment, so this takes a few seconds longer…"),
  enter: t("Type the session code you were told"),
  field: t("Session code"),
  placeholder: t("123-456-789"),
  submit: t("Continue"),
  malformed: t("A session code has nine digits, like 123-456-789."),
  other: t("Use another code"),
  retry: t("Try again"),
  wrong: {
    title: t("No one is waiting behind this code"),
    detail: t("Check the nine digits with the person you called. Codes work once and expire."),
  },
  closed: {
    title: t("This code is no longer valid"),
    detail: t("It expired or was withdrawn. Ask the person you called for a new one."),
  },
  taken: {
    title: t("This code has already been used"),
    detail: t("If that was you, go on in the On-demand Agent. If not, tell the person you called and ask for a new code."),
  },
  tooMany: {
    title: t("Too many attempts"),
    detail: (wait: string) => t("To keep others from guessing codes, please wait {wait} and try again.", { wait }),
  },
  failed: { title: t("The code could not be looked up") },
} as const;
