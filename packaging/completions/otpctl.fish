# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_otpctl_global_optspecs
    string join \n u/user= json h/help V/version
end

function __fish_otpctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_otpctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_otpctl_using_subcommand
    set -l cmd (__fish_otpctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c otpctl -n "__fish_otpctl_needs_command" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_needs_command" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_needs_command" -s V -l version -d 'Print version'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "enroll" -d 'Add a device: shows a QR code, then asks for a code to confirm it'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "confirm" -d 'Confirm a device by a code of it, so that it can log in'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "send" -d 'Have a code sent to a device that is an address'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "list" -d 'List the devices of an account, or all accounts'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "show" -d 'Show all that is known of one device'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "status" -d 'Show whether an account is enrolled, and what has failed'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "explain" -d 'Tell what an attacker who guesses codes can hope for, or what a login must show'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "log" -d 'Show what happened to an account: logins, wrong codes, changes'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "rename" -d 'Give a device another label'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "replace" -d 'Give a device a new secret: the old one works until the new one is confirmed'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "remove" -d 'Remove a device, or a whole account'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "recovery" -d 'Make recovery codes, for the day on which the devices are lost'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "resync" -d 'Bring a device back into step by two codes that follow each other'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "verify" -d 'Check a code, and spend it, as a login would'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "unlock" -d 'Clear an account\'s failures and locks'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "remembered" -d 'Show which logins need no code again for a while, or forget them'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "adopt" -d 'Give an account to the uid or name that its user has now'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "invite" -d 'Let a user enroll one device without a code'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "exempt" -d 'Let a user log in without a code for a while'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "token" -d 'List, inspect and revoke the tokens that applications were granted'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "pass" -d 'Make, use and manage one-time passwords made for somebody'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "code" -d 'Make a code from a secret or otpauth URI, without otpd'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "keys" -d 'Manage the keys that seal secrets at rest'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "reload" -d 'Put otpd\'s configuration in force as its files are now'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "session" -d 'Show how the session logged in in which this runs'
complete -c otpctl -n "__fish_otpctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l label -d 'What to call the device [default: its kind]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l kind -d 'By time (totp), by counter (hotp), or sent (message) [default: totp]' -r -f -a "totp\t''
hotp\t''
message\t''"
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l algorithm -d 'Hash of its codes [default: sha1, which every authenticator knows]' -r -f -a "sha1\t''
sha256\t''
sha512\t''"
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l digits -d 'Digits of a code [default: 6]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l period -d 'Seconds that a code is shown, for totp [default: 30]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l counter -d 'The next counter, for hotp [default: 0]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l channel -d 'The configured channel by which codes are sent, for a message' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l address -d 'The telephone number or mailbox, for a message; - asks for it' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l issuer -d 'The name of this place that an authenticator shows [default: otpd\'s own]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l secret -d 'Take a secret that exists, from the terminal or as one line from a pipe' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l qr -d 'Whether to draw a QR code' -r -f -a "auto\t'Where it can be seen whole: standard output is a terminal that is wide enough'
always\t'Whatever standard output is'
never\t'Never'"
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l no-confirm -d 'Do not ask for a code; the device waits for `otpctl confirm`'
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l invitation -d 'By an invitation in place of a code: asked for at the terminal, or the first line of a pipe'
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand enroll" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand confirm" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand confirm" -l send -d 'Have a code sent first, to a device that is an address'
complete -c otpctl -n "__fish_otpctl_using_subcommand confirm" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand confirm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand send" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand send" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand list" -l only -d 'Only devices that can log in, or only those that wait for their confirming code' -r -f -a "confirmed\t''
unconfirmed\t''"
complete -c otpctl -n "__fish_otpctl_using_subcommand list" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand list" -l all -d 'List every account instead of one account\'s devices'
complete -c otpctl -n "__fish_otpctl_using_subcommand list" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand show" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand show" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand status" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand status" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand explain" -l from -d 'The remote host that it comes from' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand explain" -l tty -d 'The terminal' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand explain" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand explain" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand log" -l last -d 'How many events to show at most, the newest first' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand log" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand log" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand rename" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand rename" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l label -d 'What to call the device [default: its kind]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l kind -d 'By time (totp), by counter (hotp), or sent (message) [default: totp]' -r -f -a "totp\t''
hotp\t''
message\t''"
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l algorithm -d 'Hash of its codes [default: sha1, which every authenticator knows]' -r -f -a "sha1\t''
sha256\t''
sha512\t''"
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l digits -d 'Digits of a code [default: 6]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l period -d 'Seconds that a code is shown, for totp [default: 30]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l counter -d 'The next counter, for hotp [default: 0]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l channel -d 'The configured channel by which codes are sent, for a message' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l address -d 'The telephone number or mailbox, for a message; - asks for it' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l issuer -d 'The name of this place that an authenticator shows [default: otpd\'s own]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l secret -d 'Take a secret that exists, from the terminal or as one line from a pipe' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l qr -d 'Whether to draw a QR code' -r -f -a "auto\t'Where it can be seen whole: standard output is a terminal that is wide enough'
always\t'Whatever standard output is'
never\t'Never'"
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l no-confirm -d 'Do not ask for a code; the device waits for `otpctl confirm`'
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand replace" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand remove" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand remove" -l all -d 'Remove the account with all devices, failures and events, damaged or not'
complete -c otpctl -n "__fish_otpctl_using_subcommand remove" -s y -l yes -d 'Do not ask'
complete -c otpctl -n "__fish_otpctl_using_subcommand remove" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand recovery" -l label -d 'Make a further set, called this' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand recovery" -l count -d 'How many codes [default: 10]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand recovery" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand recovery" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand recovery" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand resync" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand resync" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand resync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand verify" -l device -d 'Ask this one device alone: its id, or its label where only one device has it' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand verify" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand verify" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand unlock" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand unlock" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand unlock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand remembered" -l forget -d 'Forget one login by its number, or all' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand remembered" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand remembered" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand remembered" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand adopt" -l from -d 'The name that the user had before, where the user was renamed' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand adopt" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand adopt" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand adopt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand invite" -l for -d 'How long it counts: a number and s, min, h or d, a minute to 30 days' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand invite" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand invite" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand invite" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand exempt" -l for -d 'How long: a number and s, min, h or d, a minute to 7 days' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand exempt" -l reason -d 'Why, for the log, in a line of text' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand exempt" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand exempt" -l end -d 'End it now'
complete -c otpctl -n "__fish_otpctl_using_subcommand exempt" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand exempt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and not __fish_seen_subcommand_from list inspect revoke help" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and not __fish_seen_subcommand_from list inspect revoke help" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and not __fish_seen_subcommand_from list inspect revoke help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and not __fish_seen_subcommand_from list inspect revoke help" -f -a "list" -d 'List the families of tokens of an account; root without --user: of all'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and not __fish_seen_subcommand_from list inspect revoke help" -f -a "inspect" -d 'Tell what is known of a token, which is asked for or read from a pipe'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and not __fish_seen_subcommand_from list inspect revoke help" -f -a "revoke" -d 'Revoke a family of tokens, all of them, or one token'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and not __fish_seen_subcommand_from list inspect revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from list" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from list" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from inspect" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from inspect" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l all -d 'Every family of the account'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the families of tokens of an account; root without --user: of all'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Tell what is known of a token, which is asked for or read from a pipe'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Revoke a family of tokens, all of them, or one token'
complete -c otpctl -n "__fish_otpctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and not __fish_seen_subcommand_from create check get use extend deactivate list help" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and not __fish_seen_subcommand_from create check get use extend deactivate list help" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and not __fish_seen_subcommand_from create check get use extend deactivate list help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and not __fish_seen_subcommand_from create check get use extend deactivate list help" -f -a "create" -d 'Make a pass, and show its key, once'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and not __fish_seen_subcommand_from create check get use extend deactivate list help" -f -a "check" -d 'Tell whether a key counts; it is not used up'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and not __fish_seen_subcommand_from create check get use extend deactivate list help" -f -a "get" -d 'Show the pass of a key that counts; it is not used up'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and not __fish_seen_subcommand_from create check get use extend deactivate list help" -f -a "use" -d 'Use a key up, and show its pass'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and not __fish_seen_subcommand_from create check get use extend deactivate list help" -f -a "extend" -d 'Let a live pass live longer'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and not __fish_seen_subcommand_from create check get use extend deactivate list help" -f -a "deactivate" -d 'Call live passes back'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and not __fish_seen_subcommand_from create check get use extend deactivate list help" -f -a "list" -d 'List passes, and those that were'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and not __fish_seen_subcommand_from create check get use extend deactivate list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -l service -d 'A service at which it counts; may be repeated' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -l restrict -d 'A restriction: from:NETWORK, service:NAME, or x-... for whoever reads it; may be repeated' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -l related -d 'Something that it has to do with; may be repeated, in any order' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -l data -d 'JSON for whoever uses it, at most 16 KiB. Every user can read arguments: nothing secret' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -l generator -d 'How its key is made: alnum:N, digits:N or words:N [default: alnum:20]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -l for -d 'How long it is live: a number and s, min, h or d, up to 30 days' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -l until -d 'Until when it is live: such as 2026-07-15T14:00, or seconds since 1970 UTC' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -l reason -d 'Why it is made, for the log' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -l deactivate-old -d 'Call the live ones for the same purpose, and with the same related objects, back'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -l nobody -d 'Nobody\'s: never valid at a login. For administrators'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from check" -l service -d 'The service at which it is shown; believed of root alone' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from check" -l from -d 'The numeric address from which it is shown; believed of root alone' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from check" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from check" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from get" -l service -d 'The service at which it is shown; believed of root alone' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from get" -l from -d 'The numeric address from which it is shown; believed of root alone' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from get" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from get" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from use" -l service -d 'The service at which it is shown; believed of root alone' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from use" -l from -d 'The numeric address from which it is shown; believed of root alone' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from use" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from use" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from use" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from extend" -l for -d 'How long it is live: a number and s, min, h or d, up to 30 days' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from extend" -l until -d 'Until when it is live: such as 2026-07-15T14:00, or seconds since 1970 UTC' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from extend" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from extend" -l nobody -d 'Nobody\'s: never valid at a login. For administrators'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from extend" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from extend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from deactivate" -l related -d 'Only those that have to do with exactly this; may be repeated, in any order' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from deactivate" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from deactivate" -l key -d 'Only the one whose key is typed at the terminal, or read as one line from a pipe'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from deactivate" -l nobody -d 'Nobody\'s: never valid at a login. For administrators'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from deactivate" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from deactivate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from list" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from list" -l all -d 'Everybody\'s, and nobody\'s'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from list" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from help" -f -a "create" -d 'Make a pass, and show its key, once'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from help" -f -a "check" -d 'Tell whether a key counts; it is not used up'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from help" -f -a "get" -d 'Show the pass of a key that counts; it is not used up'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from help" -f -a "use" -d 'Use a key up, and show its pass'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from help" -f -a "extend" -d 'Let a live pass live longer'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from help" -f -a "deactivate" -d 'Call live passes back'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from help" -f -a "list" -d 'List passes, and those that were'
complete -c otpctl -n "__fish_otpctl_using_subcommand pass; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otpctl -n "__fish_otpctl_using_subcommand code" -l kind -d 'By time (totp), by counter (hotp), or sent (message) [default: totp]' -r -f -a "totp\t''
hotp\t''
message\t''"
complete -c otpctl -n "__fish_otpctl_using_subcommand code" -l algorithm -d 'Hash of its codes [default: sha1, which every authenticator knows]' -r -f -a "sha1\t''
sha256\t''
sha512\t''"
complete -c otpctl -n "__fish_otpctl_using_subcommand code" -l digits -d 'Digits of a code [default: 6]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand code" -l period -d 'Seconds that a code is shown, for totp [default: 30]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand code" -l counter -d 'The next counter, for hotp [default: 0]' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand code" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand code" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand code" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and not __fish_seen_subcommand_from list add reseal retire help" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and not __fish_seen_subcommand_from list add reseal retire help" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and not __fish_seen_subcommand_from list add reseal retire help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and not __fish_seen_subcommand_from list add reseal retire help" -f -a "list" -d 'List the keys, and how many sealed values need each'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and not __fish_seen_subcommand_from list add reseal retire help" -f -a "add" -d 'Make a new key, which seals from now on'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and not __fish_seen_subcommand_from list add reseal retire help" -f -a "reseal" -d 'Seal with the newest key what older ones have sealed'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and not __fish_seen_subcommand_from list add reseal retire help" -f -a "retire" -d 'Take a key out of the keyring that nothing needs any more'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and not __fish_seen_subcommand_from list add reseal retire help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from list" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from list" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from add" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from add" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from reseal" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from reseal" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from reseal" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from retire" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from retire" -s y -l yes -d 'Do not ask'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from retire" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from retire" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the keys, and how many sealed values need each'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make a new key, which seals from now on'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "reseal" -d 'Seal with the newest key what older ones have sealed'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "retire" -d 'Take a key out of the keyring that nothing needs any more'
complete -c otpctl -n "__fish_otpctl_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otpctl -n "__fish_otpctl_using_subcommand reload" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand reload" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand session" -s u -l user -d 'Whose account: root must say, others default to their own' -r
complete -c otpctl -n "__fish_otpctl_using_subcommand session" -l json -d 'Answer, and explain errors, in JSON'
complete -c otpctl -n "__fish_otpctl_using_subcommand session" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "enroll" -d 'Add a device: shows a QR code, then asks for a code to confirm it'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "confirm" -d 'Confirm a device by a code of it, so that it can log in'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "send" -d 'Have a code sent to a device that is an address'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "list" -d 'List the devices of an account, or all accounts'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "show" -d 'Show all that is known of one device'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "status" -d 'Show whether an account is enrolled, and what has failed'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "explain" -d 'Tell what an attacker who guesses codes can hope for, or what a login must show'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "log" -d 'Show what happened to an account: logins, wrong codes, changes'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "rename" -d 'Give a device another label'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "replace" -d 'Give a device a new secret: the old one works until the new one is confirmed'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "remove" -d 'Remove a device, or a whole account'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "recovery" -d 'Make recovery codes, for the day on which the devices are lost'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "resync" -d 'Bring a device back into step by two codes that follow each other'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "verify" -d 'Check a code, and spend it, as a login would'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "unlock" -d 'Clear an account\'s failures and locks'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "remembered" -d 'Show which logins need no code again for a while, or forget them'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "adopt" -d 'Give an account to the uid or name that its user has now'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "invite" -d 'Let a user enroll one device without a code'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "exempt" -d 'Let a user log in without a code for a while'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "token" -d 'List, inspect and revoke the tokens that applications were granted'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "pass" -d 'Make, use and manage one-time passwords made for somebody'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "code" -d 'Make a code from a secret or otpauth URI, without otpd'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "keys" -d 'Manage the keys that seal secrets at rest'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "reload" -d 'Put otpd\'s configuration in force as its files are now'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "session" -d 'Show how the session logged in in which this runs'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and not __fish_seen_subcommand_from enroll confirm send list show status explain log rename replace remove recovery resync verify unlock remembered adopt invite exempt token pass code keys reload session help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "list" -d 'List the families of tokens of an account; root without --user: of all'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "inspect" -d 'Tell what is known of a token, which is asked for or read from a pipe'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "revoke" -d 'Revoke a family of tokens, all of them, or one token'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from pass" -f -a "create" -d 'Make a pass, and show its key, once'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from pass" -f -a "check" -d 'Tell whether a key counts; it is not used up'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from pass" -f -a "get" -d 'Show the pass of a key that counts; it is not used up'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from pass" -f -a "use" -d 'Use a key up, and show its pass'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from pass" -f -a "extend" -d 'Let a live pass live longer'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from pass" -f -a "deactivate" -d 'Call live passes back'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from pass" -f -a "list" -d 'List passes, and those that were'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "list" -d 'List the keys, and how many sealed values need each'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "add" -d 'Make a new key, which seals from now on'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "reseal" -d 'Seal with the newest key what older ones have sealed'
complete -c otpctl -n "__fish_otpctl_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "retire" -d 'Take a key out of the keyring that nothing needs any more'
