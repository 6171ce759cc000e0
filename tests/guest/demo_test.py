# SPDX-License-Identifier: MIT
"""Boots the demo guest under TCG and checks what it promises: demo_test.py DIRECTORY. Ends with `N passed, N failed`."""
import array
import math
import os
import sys
import time
import wave

from dbus_display import Display
from guest_vm import Guest, GuestError

SIZE = (1280, 720)
PALETTE = (0x202020, 0xE03030, 0x30C030, 0x3050E0, 0xE0E0E0, 0xE0C020)  # wire/testcard.h
BACKGROUND, BIT_ONE, CROSS = 0x304050, 0xF0F0F0, 0xFFFFFF
TERMINAL = 0x1B2027  # the terminal's background, guest/demo/root/etc/xdg/foot/foot.ini
NOTES_HZ = (523.25, 659.26, 783.99, 1046.50)
NOTE_S = 0.4


def expect(condition, message):
    if not condition:
        raise GuestError(message)


def counter(screen):
    value = 0
    for bit in range(16):
        value = value << 1 | (screen.pixel(32 + 16 * bit + 8, 152) == BIT_ONE)
    return value


def test_boot_says_ready(guest, _display):
    guest.wait_line("oriel-guest: ready", 60)
    print(f"  ready after {time.monotonic() - guest.started:.1f} s")
    screen = guest.screen()
    expect((screen.width, screen.height) == SIZE, f"the screen is {screen.width}x{screen.height}, not {SIZE}")


def test_flash_answers_keys_and_clicks(guest, _display):
    expect(guest.wait_line("ready", 20) == "ready 1280 720", "flash is not full screen")
    before = guest.wait_screen(lambda s: s.pixel(100, 100) == PALETTE[0] and s.pixel(600, 600) == BACKGROUND, 10,
                               "the card's first colour on its background")
    for press in range(1, 8):
        guest.key("a")
        guest.wait_line("key 30 1", 5)
        guest.wait_line("key 30 0", 5)
        colour = PALETTE[press % len(PALETTE)]
        guest.wait_screen(lambda s, colour=colour: s.pixel(100, 100) == colour, 5, f"colour {colour:06x}")
    guest.move(700, 500, SIZE)
    guest.button("left", True)
    click = guest.wait_line("button", 5)
    expect(click == "button 272 1 700 500", f"the click at 700, 500 came as '{click}'")
    guest.button("left", False)
    guest.wait_line("button 272 0", 5)
    guest.move(100, 600, SIZE)
    after = guest.wait_screen(lambda s: s.pixel(100, 100) == PALETTE[2], 5, "the colour after a click")
    expect(after.pixel(700, 500) == CROSS and after.pixel(695, 500) == CROSS, "no cross where the click was")
    expect(counter(after) == counter(before) + 8, f"the counter went from {counter(before)} to {counter(after)}")


def test_damage_is_small(guest, display):
    display.listen()
    while display.heard(0.5):
        pass
    guest.key("b")
    guest.wait_line("key 48 0", 5)
    member, values = display.heard(5) or ("nothing", ())
    expect(member == "Update", f"QEMU sent {member}, not Update")
    expect(values[:4] == (32, 32, 256, 128), f"a key press damaged {values[:4]}, not block and counter")


def test_idle_is_silent(_guest, display):
    while display.heard(0.5):
        pass
    heard = display.heard(3)
    expect(heard is None, f"without input QEMU sent {heard}")


def test_cursor_is_sent_with_hot_spot(guest, display):
    guest.move(300, 300, SIZE)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        heard = display.heard(1)
        if heard and heard[0] == "MouseSet" and heard[1] == (300, 300, 1):
            return
    raise GuestError("no MouseSet for a pointer move: the cursor is painted into the picture")


def test_resize_is_followed(guest, display):
    for size in ((1001, 601), (640, 480), (65, 64), SIZE):
        start = time.monotonic()
        display.set_size(*size)
        while True:
            heard = display.heard(5)
            expect(heard, f"no picture of {size} within 5 s")
            if heard[0] == "Scanout" and heard[1][:2] == size:
                break
        print(f"  {size[0]}x{size[1]} after {time.monotonic() - start:.2f} s")
        guest.wait_line(f"size {size[0]} {size[1]}", 5)
    display.stop_listening()


def test_escape_ends_flash(guest, _display):
    guest.wait_screen(lambda s: s.pixel(100, 100) in PALETTE, 5, "the card after the resize")
    guest.key("esc")
    guest.wait_screen(lambda s: s.pixel(640, 600) == TERMINAL, 10, "the terminal after Escape")


def type_text(guest, codes):
    for code in codes:
        if code.startswith("shift-"):
            guest.key("shift", True)
        guest.key(code.removeprefix("shift-"))
        if code.startswith("shift-"):
            guest.key("shift", False)
        time.sleep(0.01)  # as quick as fingers: QEMU's keyboard holds 64 events and drops the rest


TO_SERIAL = ("shift-dot", "slash", "d", "e", "v", "slash", "t", "t", "y", "shift-s", "0", "ret")


def test_typing_reaches_the_shell(guest, _display):
    type_text(guest, (*"echo", "spc", *"ok", *TO_SERIAL))
    guest.wait_line("ok", 10)


def test_chime_plays(guest, _display):
    type_text(guest, (*"chime", "semicolon", *"echo", "spc", *"end", *TO_SERIAL))
    guest.wait_line("end", 20)


def test_power_button_ends_the_guest(guest, _display):
    start = time.monotonic()
    guest.command("system_powerdown")
    guest.process.wait(10)
    print(f"  off after {time.monotonic() - start:.2f} s")


def strength(samples, rate, frequency_hz):
    """How much of the samples is a sine of that frequency, 0 to 1 (Goertzel)."""
    step = 2 * math.pi * frequency_hz / rate
    real = sum(sample * math.cos(step * i) for i, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(step * i) for i, sample in enumerate(samples))
    energy = sum(sample * sample for sample in samples)
    return 2 * (real * real + imaginary * imaginary) / (len(samples) * energy) if energy else 0


def test_chime_is_in_tune(path):
    with wave.open(path, "rb") as file:
        rate = file.getframerate()
        samples = array.array("h", file.readframes(file.getnframes()))[::file.getnchannels()]
    start = next((i for i, sample in enumerate(samples) if abs(sample) > 60), None)
    expect(start is not None, "nothing was heard")
    for note, frequency_hz in enumerate(NOTES_HZ):
        middle = samples[start + int(rate * (note + 0.3) * NOTE_S):start + int(rate * (note + 0.7) * NOTE_S)]
        share = strength(middle, rate, frequency_hz)
        # A wrong note has next to nothing here; gaps on a busy host take some of a right one's.
        expect(share > 0.5, f"note {note} is no {frequency_hz} Hz: {share:.2f} of its energy is")
    level_db = 20 * math.log10(max(samples) / 32767)
    expect(abs(level_db + 12) < 0.5, f"the chime's level is {level_db:.1f} dBFS, not -12")


def run(test, *arguments):
    try:
        test(*arguments)
    except (GuestError, OSError, StopIteration) as error:
        print(f"FAIL {test.__name__}: {error}")
        return False
    print(f"ok   {test.__name__}")
    return True


def main():
    tests = (test_boot_says_ready, test_flash_answers_keys_and_clicks, test_damage_is_small, test_idle_is_silent,
             test_cursor_is_sent_with_hot_spot, test_resize_is_followed, test_escape_ends_flash,
             test_typing_reaches_the_shell, test_chime_plays, test_power_button_ends_the_guest)
    results = []
    wav = f"{os.environ.get('TMPDIR', '/tmp')}/oriel-demo-test.{os.getpid()}.wav"
    with Guest(sys.argv[1], append="oriel.run=flash+--log+/dev/ttyS0", audio="wav,path=sound.wav",
               display="dbus,p2p=yes") as guest:
        display = Display(guest)
        for test in tests:
            results.append(run(test, guest, display))
        display.close()
        os.replace(guest.path("sound.wav"), wav)
    results.append(run(test_chime_is_in_tune, wav))
    os.unlink(wav)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
