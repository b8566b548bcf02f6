# Shortcuts on the desktop of a clinic's computer with Windows: the page of the running bridge, the worksheet
# and practice. Run once as the user who works there:
#   powershell -ExecutionPolicy Bypass -File wandbridge-shortcuts.ps1
# It needs `wandbridge.cmd` beside it (the portable folder) or in the PATH (npm install --global). Expected to work, not tested on Windows.
$ErrorActionPreference = 'Stop'
$beside = Join-Path $PSScriptRoot 'wandbridge.cmd'
$command = if (Test-Path $beside) { $beside } else { (Get-Command wandbridge.cmd).Source }
$desktop = [Environment]::GetFolderPath('Desktop')
$shell = New-Object -ComObject WScript.Shell

function New-Shortcut([string] $name, [string] $arguments, [string] $description) {
  $shortcut = $shell.CreateShortcut((Join-Path $desktop "$name.lnk"))
  $shortcut.TargetPath = $command
  $shortcut.Arguments = $arguments
  $shortcut.Description = $description
  $shortcut.WorkingDirectory = [Environment]::GetFolderPath('UserProfile')
  $shortcut.Save()
}

New-Shortcut 'Pump readings' 'open' 'Open the page of readings of this computer''s bridge'
New-Shortcut 'Refill worksheet' 'refill' 'Write a refill down; leave its window open'
New-Shortcut 'Practice a refill (simulator)' 'refill --practice' 'A practice refill on the simulator'
