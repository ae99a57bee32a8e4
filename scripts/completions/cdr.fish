# What fish offers for cdr when the tabulator is pressed. The program says what fits:
# nothing of its options is repeated here.

function __cdr_complete
    set -l words (commandline -opc)
    type -q $words[1]; or return
    # As a shell would hand it on: without quotes, with the home that a tilde stands for.
    set -l given (string replace -r '^~/' "$HOME/" -- $words[2..-1])
    set -l typed (string unescape -- (commandline -ct); or commandline -ct)
    for line in ($words[1] __complete $given "$typed" 2>/dev/null)
        set -l parts (string split -m 1 \t -- $line)
        # What stands in the word before the name of a file.
        set -l prefix $parts[2]
        set -l rest (string sub -s (math (string length -- "$prefix") + 1) -- $typed)
        switch $parts[1]
            case :file
                for path in (__fish_complete_path $rest)
                    echo "$prefix$path"
                end
            case :dir
                for path in (__fish_complete_directories $rest)
                    echo "$prefix$path"
                end
            case '*'
                echo $line
        end
    end
end

complete -c cdr -f -a '(__cdr_complete)'
