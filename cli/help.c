/* SPDX-License-Identifier: MIT
 *
 * Help texts; the options' part comes from their table. Main thread.
 */
#include "cli/help.h"

#include "cli/options_help.h"

void oriel_help(FILE *file) {
  fputs("oriel - a virtual machine's screen and sound in any browser\n"
        "\n"
        "Usage:\n"
        "  oriel run [DISK] [OPTIONS] [-- QEMU ARGS]   boot a disk image, or the demo guest, and serve it\n"
        "  oriel serve ADDRESS [OPTIONS]               serve a VM that runs already, or a test picture\n"
        "  oriel serve NAME=ADDRESS... [OPTIONS]       serve several\n"
        "  oriel config check|print [FILE]             look at a configuration file\n"
        "  oriel audio COMMAND                         look after sound devices: status, meter, test, set, stage\n"
        "  oriel doctor                                say what works here, and how to mend the rest\n"
        "  oriel version                               print the version\n"
        "  oriel help [COMMAND]                        print this, or a command's options\n"
        "\n"
        "First steps:\n"
        "  oriel run                  then open the address that it prints\n"
        "  oriel serve pattern:       the same without a virtual machine\n"
        "\n"
        "Exit status: 0 done, 1 something failed, 2 wrong usage.\n", file);
}

static const char run_text[] =
  "Usage: oriel run [DISK] [OPTIONS] [-- QEMU ARGS]\n"
  "\n"
  "Boots DISK (raw, qcow2, vmdk, vdi, vhdx, iso, ...) in QEMU, or the demo guest without DISK, and serves its screen\n"
  "and sound. DISK is not written to unless --persistent. It finds an AHCI disk, VGA, HD audio, an e1000 network\n"
  "card, USB and PS/2 input, so that no guest needs special drivers; for systems older than 2007 add\n"
  "`-- -machine pc`, for those that start by UEFI only `-- -bios /usr/share/ovmf/OVMF.fd`. What follows -- goes to\n"
  "QEMU as it stands.\n"
  "The VM ends with Ctrl-C; with --persistent its guest is asked to power down first, and a second Ctrl-C does not\n"
  "wait for that. When the guest powers off, or QEMU ends, oriel ends too; but while a page has the desktop open it\n"
  "stays, for ten minutes at most, and \"Start again\" in the page starts the same VM anew. If oriel itself is killed\n"
  "the VM goes on: the same command, or `oriel serve qemu:SOCKET`, attaches to it again.\n"
  "\n";

static const char serve_text[] =
  "Usage: oriel serve ADDRESS [OPTIONS]\n"
  "       oriel serve NAME=ADDRESS[,KEY=VALUE...]... [OPTIONS]\n"
  "       oriel serve --config FILE [OPTIONS]\n"
  "\n"
  "ADDRESS is one of\n"
  "  qemu:QMP-SOCKET[?console=N]   a QEMU started with -display dbus,p2p=yes -qmp unix:QMP-SOCKET,server=on,wait=off;\n"
  "                                for sound -display dbus,p2p=yes,audiodev=a -audiodev dbus,id=a -device intel-hda\n"
  "                                -device hda-duplex,audiodev=a;\n"
  "                                ending oriel leaves it unharmed; vm=qemu:QMP-SOCKET?console=all has a desktop\n"
  "                                for each screen that the guest uses: vm, vm-1, vm-2...\n"
  "  pattern:[?size=WxH&fps=N&scene=static|typing|scroll|motion]\n"
  "                                a synthetic desktop with a clock, a 1 kHz tone and reactions to input\n"
  "\n"
  "NAME is 1 to 63 of a-z 0-9 . _ - and begins with a letter or a digit. KEY is an option of a desktop without its\n"
  "dashes, as fps=30; options give the defaults of all desktops. A comma in an address is written as \\, and a\n"
  "backslash as \\\\, both in quotes for the shell: 'web=qemu:/run/a\\,b.sock'. `oriel config --help` tells of the\n"
  "file.\n"
  "\n";

static const char config_text[] =
  "Usage: oriel config check [FILE] [OPTIONS]\n"
  "       oriel config print [FILE] [NAME=ADDRESS[,KEY=VALUE...]...] [OPTIONS]\n"
  "\n"
  "check says what is wrong with a configuration file, with file and line; print says what it and the options of\n"
  "`oriel serve`, which are its own, mean together, without secrets. FILE is what --config or ORIEL_CONFIG name where\n"
  "it is left out.\n"
  "\n"
  "  # comments begin with # or ;\n"
  "  [server]\n"
  "  listen = 127.0.0.1:8080\n"
  "  fps = 30\n"
  "\n"
  "  [desktop web]\n"
  "  address = qemu:/run/web/qmp.sock\n"
  "  bitrate = 8000\n"
  "\n"
  "[server] takes the options of `oriel serve` without their dashes, those of desktops as defaults; [desktop NAME]\n"
  "takes address and a desktop's. Lists are given once a word or with commas; a line that ends in a backslash goes on\n"
  "in the next. What a desktop is given itself is stronger than the command line, that than the environment, and that\n"
  "than [server]. `oriel serve` reads the file again at SIGHUP: desktops that are new, gone or other are begun and\n"
  "ended, the rest is left alone; [server] but its defaults is for the next start.\n"
  "\n";

static const char doctor_text[] =
  "Usage: oriel doctor [OPTIONS]\n"
  "\n"
  "Checks what oriel needs on this host and prints one line each: ok, warn (works, but less) or fail, with the\n"
  "remedy.\n"
  "Exit status 0 when the main job works.\n"
  "\n";

void oriel_command_help(FILE *file, enum oriel_command command) {
  switch (command) {
  case ORIEL_CLI_RUN: fputs(run_text, file); break;
  case ORIEL_CLI_SERVE: fputs(serve_text, file); break;
  case ORIEL_CLI_DOCTOR: fputs(doctor_text, file); break;
  case ORIEL_CLI_CONFIG: fputs(config_text, file); break;
  }
  if (command == ORIEL_CLI_CONFIG)
    return;
  oriel_options_help(file, command);
  if (command == ORIEL_CLI_SERVE)
    oriel_options_help_desktop(file);
  if (command == ORIEL_CLI_RUN || command == ORIEL_CLI_DOCTOR)
    fputs("ORIEL_QEMU names the QEMU to use, ORIEL_GUEST_DIR the folder of the demo guest.\n", file);
}
