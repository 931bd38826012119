# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ondemand_agent_global_optspecs
    string join \n h/help
end

function __fish_ondemand_agent_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ondemand_agent_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ondemand_agent_using_subcommand
    set -l cmd (__fish_ondemand_agent_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -f -a "run" -d 'Run the agent, until you log off or quit it. Without a command this is what happens'
complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -f -a "join" -d 'Fill in a session code; you still have to press Start. A link starts the agent where none runs'
complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -f -a "open" -d 'Open the window of the running agent'
complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -f -a "end" -d 'End whatever the running agent is doing'
complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -f -a "status" -d 'Say how it stands'
complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -f -a "quit" -d 'End the running agent'
complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -f -a "history" -d 'Show who asked to connect, when, for how long, and what came of it'
complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -f -a "receipt" -d 'What this computer\'s agent signed about requests: shown, exported, and checked with public keys alone'
complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -f -a "settings" -d 'Show every setting, and where it comes from'
complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -f -a "doctor" -d 'Look for what keeps the agent from working, and say what to do about it'
complete -c ondemand-agent -n "__fish_ondemand_agent_needs_command" -f -a "update" -d 'Look whether there is a newer version; nothing is installed'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand run" -l service-url -d 'Where the service is, as in https://support.example; what the installer or policy say comes first' -r
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand run" -l enrolment-token-file -d 'Make this user\'s agent a device, with the token in this file (`-` for standard input)' -r -F
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand run" -l once -d 'End after one session'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand run" -l background -d 'Keep the window closed until it is asked for, as at log-in'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand run" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand join" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand open" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand end" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand status" -l json -d 'For programs'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand status" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand quit" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand history; and not __fish_seen_subcommand_from verify" -l json -d 'For programs'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand history; and not __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand history; and not __fish_seen_subcommand_from verify" -f -a "verify" -d 'Check that nothing in the journal was changed, removed or cut'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand history; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and not __fish_seen_subcommand_from show export verify" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and not __fish_seen_subcommand_from show export verify" -f -a "show" -d 'List the receipts, or show one'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and not __fish_seen_subcommand_from show export verify" -f -a "export" -d 'Write all receipts to a file, with everything that is needed to check them'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and not __fish_seen_subcommand_from show export verify" -f -a "verify" -d 'Check that no receipt was changed, cut, moved, repeated or put in; nothing is asked of a service'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and __fish_seen_subcommand_from verify" -l agent-key -d 'The agent\'s public key or its fingerprint; receipts of others are foreign. Without it the file\'s word is taken' -r
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and __fish_seen_subcommand_from verify" -l organisation-key -d 'The organisation\'s public key; keys that took its place are followed. Without it the file\'s word is taken' -r
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and __fish_seen_subcommand_from verify" -l excerpt -d 'The file is meant to hold only some receipts, such as those of one session'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and __fish_seen_subcommand_from verify" -l json -d 'For programs'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand receipt; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand settings" -l json -d 'For programs'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand settings" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand doctor" -l service-url -d 'The service, where `run` is given one' -r
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand doctor" -l json -d 'For programs'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand doctor" -l popup -d 'Also show a popup that asks for nothing, to see whether it can be seen and answered'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand update" -l check -d 'Ask for it, which is all that this command does'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand update" -l json -d 'For programs'
complete -c ondemand-agent -n "__fish_ondemand_agent_using_subcommand update" -s h -l help -d 'Print help'
