# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ondemand_service_global_optspecs
    string join \n h/help
end

function __fish_ondemand_service_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ondemand_service_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ondemand_service_using_subcommand
    set -l cmd (__fish_ondemand_service_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -f -a "serve" -d 'Run the service until it is told to stop (Ctrl-C or SIGTERM)'
complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -f -a "organisation" -d 'Organisations: whose operators ask to connect'
complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -f -a "operator" -d 'Operators: the support technicians who sign in to the console'
complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -f -a "device-group" -d 'Device groups: what may be asked for on enrolled computers'
complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -f -a "enrolment-token" -d 'Enrolment tokens: what IT deploys so that agents become devices of a group'
complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -f -a "receipt" -d 'Receipts: what users\' agents signed, checked offline'
complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -f -a "report" -d 'Reports of users who found a request suspicious'
complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -f -a "audit" -d 'The audit log: what operators did, and whoever runs the service'
complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -f -a "backup" -d 'Write a copy of the database, while the service runs'
complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -f -a "restore" -d 'Make a database of a copy; the database must not exist. Everybody is signed out'
complete -c ondemand-service -n "__fish_ondemand_service_needs_command" -f -a "openapi" -d 'Print the OpenAPI document of the service\'s interface'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand serve" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand serve" -l listen -d 'Address and port to listen on; port 0 takes a free one' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand serve" -l public-url -d 'Where agents and browsers reach the service, if not at the listening address: https://support.example' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand serve" -l tls-cert -d 'Certificate chain in PEM form, the server\'s own first. Without it the service speaks plain HTTP, which agents accept from this very computer only' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand serve" -l tls-key -d 'The certificate\'s private key in PEM form' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand serve" -l trusted-proxy -d 'A proxy in front of the service, by its network as in 10.0.0.7/32: it is believed when it says for whom it speaks (X-Forwarded-For or Forwarded). May be given several times' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand serve" -l dns-server -d 'The DNS server to ask when an organisation proves a domain, if not the system\'s' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand serve" -l downloads -d 'The folder with the agents that users can download from an invitation\'s page, as `cargo xtask package portable` makes it' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand serve" -l log-format -d 'How log lines are written to standard error; what is logged can be chosen with RUST_LOG' -r -f -a "text\t'For people'
json\t'For programs: one JSON object a line'"
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and not __fish_seen_subcommand_from add update approve-domain remove-domain suspend resume rotate-key list" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and not __fish_seen_subcommand_from add update approve-domain remove-domain suspend resume rotate-key list" -f -a "add" -d 'Add an organisation and make its signing key; prints its id and public key'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and not __fish_seen_subcommand_from add update approve-domain remove-domain suspend resume rotate-key list" -f -a "update" -d 'Change an organisation\'s name, which users go by'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and not __fish_seen_subcommand_from add update approve-domain remove-domain suspend resume rotate-key list" -f -a "approve-domain" -d 'Show users this domain beside the organisation\'s name. You vouch for it; an organisation can also prove one through DNS in the console'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and not __fish_seen_subcommand_from add update approve-domain remove-domain suspend resume rotate-key list" -f -a "remove-domain" -d 'Show users no domain beside the organisation\'s name any more, however it came there'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and not __fish_seen_subcommand_from add update approve-domain remove-domain suspend resume rotate-key list" -f -a "suspend" -d 'Keep an organisation from reaching users: its sessions, requests and invitations end, and nothing new is possible. Its operators can still sign in and read'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and not __fish_seen_subcommand_from add update approve-domain remove-domain suspend resume rotate-key list" -f -a "resume" -d 'Let a suspended organisation reach users again'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and not __fish_seen_subcommand_from add update approve-domain remove-domain suspend resume rotate-key list" -f -a "rotate-key" -d 'Give an organisation a new signing key; prints it. The former key signs that it takes its place, so agents that know or pinned the former one go on as before. Its private half is forgotten'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and not __fish_seen_subcommand_from add update approve-domain remove-domain suspend resume rotate-key list" -f -a "list" -d 'List the organisations with their ids and public keys, and what is special about them'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from add" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from add" -l name -d 'The name users see' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from add" -l domain -d 'The internet domain that users see beside the name, in ASCII form. You vouch for it' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from update" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from update" -l organisation -d 'The organisation\'s id' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from update" -l name -d 'The name users see' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from approve-domain" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from approve-domain" -l organisation -d 'The organisation\'s id' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from approve-domain" -l domain -d 'The internet domain in ASCII form' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from approve-domain" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from remove-domain" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from remove-domain" -l organisation -d 'The organisation\'s id' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from remove-domain" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from suspend" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from suspend" -l organisation -d 'The organisation\'s id' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from suspend" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from resume" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from resume" -l organisation -d 'The organisation\'s id' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from rotate-key" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from rotate-key" -l organisation -d 'The organisation\'s id' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from rotate-key" -l overlap-days -d 'For how many days what the former key signed stays good' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from rotate-key" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from list" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand organisation; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and not __fish_seen_subcommand_from add update" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and not __fish_seen_subcommand_from add update" -f -a "add" -d 'Add an operator; prints the operator\'s id'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and not __fish_seen_subcommand_from add update" -f -a "update" -d 'Change an operator: the way back when an organisation\'s administrators cannot sign in any more'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from add" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from add" -l organisation -d 'The organisation\'s id' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from add" -l login -d 'The sign-in name, unique in this service' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from add" -l name -d 'The name users see' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from add" -l password-file -d 'A file with the password in its first line, or - for standard input' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from add" -l role -d 'What the operator may manage; if left out, an organisation\'s first operator is its administrator' -r -f -a "administrator\t'Manages operators, organisation settings and enrolment'
operator\t'Helps users'"
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from update" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from update" -l login -d 'The sign-in name' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from update" -l role -d 'What the operator may manage from now on' -r -f -a "administrator\t'Manages operators, organisation settings and enrolment'
operator\t'Helps users'"
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from update" -l password-file -d 'A file with a new password in its first line, or - for standard input' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from update" -l enable -d 'Enable the account again'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from update" -l reset-second-factor -d 'Take the second factor away, whose app and recovery codes are lost'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand operator; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand device-group; and not __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand device-group; and not __fish_seen_subcommand_from add" -f -a "add" -d 'Add a device group; prints its id'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand device-group; and __fish_seen_subcommand_from add" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand device-group; and __fish_seen_subcommand_from add" -l organisation -d 'The organisation\'s id' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand device-group; and __fish_seen_subcommand_from add" -l name -d 'The group\'s name' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand device-group; and __fish_seen_subcommand_from add" -l permissions -d 'The most that may be asked for, separated by commas: view, control, files_read, files_write, clipboard, chat, messages' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand device-group; and __fish_seen_subcommand_from add" -l require-acceptance -d 'Have an operator accept each device before it can be reached'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand device-group; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand enrolment-token; and not __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand enrolment-token; and not __fish_seen_subcommand_from create" -f -a "create" -d 'Make an enrolment token; prints it to standard output, once'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand enrolment-token; and __fish_seen_subcommand_from create" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand enrolment-token; and __fish_seen_subcommand_from create" -l group -d 'The device group\'s id' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand enrolment-token; and __fish_seen_subcommand_from create" -l uses -d 'How many devices it can enrol; no limit if left out' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand enrolment-token; and __fish_seen_subcommand_from create" -l expires-in-days -d 'For how many days it is good; no limit if left out' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand enrolment-token; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand receipt; and not __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand receipt; and not __fish_seen_subcommand_from verify" -f -a "verify" -d 'Check that no receipt was changed, cut, moved, repeated or put in, with public keys alone: neither the service nor its database is asked. Exit codes: 0 nothing is wrong, 1 it could not be read, 6 something is wrong'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand receipt; and __fish_seen_subcommand_from verify" -l agent-key -d 'The agent\'s public key or its fingerprint; receipts of others are foreign. Without it the file\'s word is taken' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand receipt; and __fish_seen_subcommand_from verify" -l organisation-key -d 'The organisation\'s public key; keys that took its place are followed. Without it the file\'s word is taken' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand receipt; and __fish_seen_subcommand_from verify" -l excerpt -d 'The file is meant to hold only some receipts, such as those of one session'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand receipt; and __fish_seen_subcommand_from verify" -l json -d 'For programs'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand receipt; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand report; and not __fish_seen_subcommand_from list show" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand report; and not __fish_seen_subcommand_from list show" -f -a "list" -d 'List the reports, newest first: number, time, organisation, operator'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand report; and not __fish_seen_subcommand_from list show" -f -a "show" -d 'Show one report, with the signed request and the signed answer'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand report; and __fish_seen_subcommand_from list" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand report; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand report; and __fish_seen_subcommand_from show" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand report; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand audit; and not __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand audit; and not __fish_seen_subcommand_from export" -f -a "export" -d 'Print the audit log to standard output, oldest first, one JSON object a line'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand audit; and __fish_seen_subcommand_from export" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand audit; and __fish_seen_subcommand_from export" -l organisation -d 'Only this organisation\'s' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand audit; and __fish_seen_subcommand_from export" -l from -d 'Only what was done then or later, as in 2026-03-04T00:00:00Z' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand audit; and __fish_seen_subcommand_from export" -l until -d 'Only what was done before then' -r
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand audit; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand backup" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand backup" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand restore" -l database -d 'The database file; made if it does not exist' -r -F
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand restore" -s h -l help -d 'Print help'
complete -c ondemand-service -n "__fish_ondemand_service_using_subcommand openapi" -s h -l help -d 'Print help'
