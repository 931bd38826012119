param([version]$AtLeast = '0.1.0')

# A detection script for Intune, and for anything else that asks "is it there?": a line on standard output and exit code 0
# mean that On-demand Agent is installed in at least that version; anything else means that it is not.
$Path = Join-Path $env:ProgramW6432 'On-demand Agent\ondemand-agent.exe'
if (-not (Test-Path -LiteralPath $Path -PathType Leaf)) { exit 1 }
$Found = (Get-Item -LiteralPath $Path).VersionInfo
$Version = [version]::new($Found.FileMajorPart, $Found.FileMinorPart, $Found.FileBuildPart)
if ($Version -lt $AtLeast) { exit 1 }
Write-Output "On-demand Agent $Version"
exit 0
