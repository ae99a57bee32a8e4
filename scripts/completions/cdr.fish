# What fish offers for cdr when the tabulator is pressed. The program says what fits:
# nothing of its options is repeated here.

function __cdr_complete
    set -l words (commandline -opc)
    type -q $words[1]; or return
    set -l typed (commandline -ct)
    set -l prefix (string match -r '^.*[:=]' -- $typed)
    set -l rest (string replace -r '^.*[:=]' '' -- $typed)
    for line in ($words[1] __complete $words[2..-1] "$typed" 2>/dev/null)
        switch $line
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
