"""Why a host does not answer, stage by stage; and what is wrong on this machine."""
