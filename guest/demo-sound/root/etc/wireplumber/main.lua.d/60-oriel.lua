-- The guest has neither portals nor a udev daemon, and its sound card stays ALSA's: what plays goes to Oriel Output.
alsa_monitor.enabled = false
v4l2_monitor.enabled = false
libcamera_monitor.enabled = false
default_access.properties["enable-flatpak-portal"] = false
